import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EventType, JobEvent } from '../../domain/event.js';
import { EventEntity } from './fine-tune-job.entities.js';
import type { Transaction } from './transaction.js';

/** What happened to each job. */
@Injectable()
export class EventRepository {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Adds an event inside the transaction of what it tells of. The lock, held until that transaction ends, keeps the
   * numbers of one job without gaps and visible in order.
   */
  async append(
    manager: Transaction,
    jobId: string,
    type: EventType,
    payload: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    await manager.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [jobId]);
    await manager.query(
      `INSERT INTO events (job_id, seq, type, payload)
       SELECT $1::text, coalesce(max(seq), 0) + 1, $2::text, $3::jsonb FROM events WHERE job_id = $1::text`,
      [jobId, type, payload],
    );
  }

  /** Events after `seq`, oldest first, at most `count`. */
  async list(jobId: string, afterSeq: number, count: number): Promise<JobEvent[]> {
    const rows = await this.dataSource
      .getRepository(EventEntity)
      .createQueryBuilder('event')
      .where('event.jobId = :jobId AND event.seq > :afterSeq', { jobId, afterSeq })
      .orderBy('event.seq')
      .limit(count)
      .getMany();
    return rows.map(({ seq, type, payload, time }) => ({ seq, type, payload, time: time.toISOString() }));
  }
}
