import { Controller, Get, Injectable } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags, type OpenAPIObject } from '@nestjs/swagger';

/** Holds the API's own description, which is made once the application knows its routes. */
@Injectable()
export class OpenApiPage {
  document: OpenAPIObject | undefined;
}

@ApiTags('Description')
@Controller('openapi.json')
export class OpenApiController {
  constructor(private readonly page: OpenApiPage) {}

  @Get()
  @ApiOperation({ summary: 'This document.' })
  @ApiOkResponse({ description: 'OpenAPI 3.0', schema: { type: 'object' } })
  get(): OpenAPIObject | undefined {
    return this.page.document;
  }
}
