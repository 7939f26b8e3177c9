import { Module, type DynamicModule } from '@nestjs/common';
import { CONFIG } from './config.js';

/** Gives the classes of a role its settings. */
@Module({})
export class ConfigModule {
  static forRoot(config: object): DynamicModule {
    return {
      module: ConfigModule,
      global: true,
      providers: [{ provide: CONFIG, useValue: config }],
      exports: [CONFIG],
    };
  }
}
