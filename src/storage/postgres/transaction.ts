import type { EntityManager } from 'typeorm';

declare const isOpen: unique symbol;

/** A transaction that is open: what runs in it is done together, or not at all. Only `Database` makes one. */
export type Transaction = EntityManager & { readonly [isOpen]: true };
