import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { BaseModel, Block } from '../../../domain/base-model.js';
import { integer } from './columns.js';

/** A pretrained network of the shared catalogue. */
@Entity('base_models')
export class BaseModelEntity implements Omit<BaseModel, 'name'> {
  @PrimaryColumn('text')
  id!: string;

  @Column('text')
  displayName!: string;

  @Column('text')
  architecture!: string;

  @Column('int')
  inputSizePx!: number;

  @Column('int')
  inputSizePxMin!: number;

  @Column('float8', { array: true })
  mean!: readonly number[];

  @Column('float8', { array: true })
  std!: readonly number[];

  @Column('bigint', { transformer: integer })
  parameterCount!: number;

  @Column('bigint', { transformer: integer })
  sizeBytes!: number;

  @Column('text')
  sha256!: string;

  @Column('text')
  license!: string;

  @Column('text')
  sourceUri!: string;

  @Column('jsonb')
  blocks!: readonly Block[];
}
