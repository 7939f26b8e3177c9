import { describe, expect, it } from 'vitest';
import { DomainError } from '../../domain/errors.js';
import { taskOutcomeSchema } from '../../domain/task.js';
import { failedOutcome } from './attempt.js';

describe('failedOutcome', () => {
  it('blames the genome for a loss that is not a number', () => {
    const outcome = failedOutcome(new DomainError('NAN_LOSS', 'the loss is NaN in epoch 2', { epoch: '2' }));
    const failure = { reason: 'NAN_LOSS', message: 'the loss is NaN in epoch 2', metadata: { epoch: '2' } };
    expect(taskOutcomeSchema.parse(outcome)).toEqual({ infeasible: failure });
  });

  it('invents no verdict on the genome when the trainer crashed', () => {
    const outcome = failedOutcome(new DomainError('TRAINER_CRASHED', 'the trainer process ended by SIGSEGV'));
    expect(taskOutcomeSchema.parse(outcome)).toMatchObject({ fault: { reason: 'TRAINER_CRASHED' } });
  });

  it('takes whatever is not a DomainError for a fault of ours', () => {
    expect(failedOutcome(new TypeError('x is undefined'))).toMatchObject({ fault: { reason: 'INTERNAL' } });
  });
});
