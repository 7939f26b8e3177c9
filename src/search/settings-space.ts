import type { SearchSpace } from '../domain/job/search-space.js';
import { type TrialSettings, trialSettingsSchema } from '../domain/job/trial.js';
import { drawIndex, type Rng } from './rng.js';

/** The settings of candidates that a search leaves open, at least one. */
export interface SettingsSpace {
  /** What each setting may be; one without values is fixed. */
  readonly space: SearchSpace;
  /** What `training` and `data` say, which a search begins with. */
  readonly defaults: TrialSettings;
}

type Setting = number | string | undefined;

/** One open setting, its values on a line from 0 to 1. */
interface Axis {
  readonly name: keyof SearchSpace;
  /** Whether values between two others mean something. */
  readonly isRange: boolean;
  /** How far a step goes. */
  readonly step: number;
  readonly valueAt: (position: number) => Setting;
  readonly positionOf: (value: Setting) => number;
  /** The value nearest to one that may lie outside. */
  readonly nearest: (value: Setting) => Setting;
  /** What a linear model is told of a value. */
  readonly featuresOf: (value: Setting) => number[];
}

/** The part of a range that a step goes: of 1e-4 to 1e-2 on a log scale a factor of 3. */
const RANGE_STEP = 1 / 4;
/** Enough digits for a setting; with more, the last bit of a power would differ from engine to engine. */
const DIGITS = 3;

/** Draws every open setting: evenly over its choices or its range, on a log scale where the setting has one. */
export const drawSettings = (settings: SettingsSpace, rng: Rng): TrialSettings =>
  settingsOf(axesOf(settings), ({ valueAt }) => valueAt(rng.next()));

/** What `training` and `data` say of the open settings, moved into the space. */
export const defaultSettings = (settings: SettingsSpace): TrialSettings =>
  settingsOf(axesOf(settings), ({ name, nearest }) => nearest(settings.defaults[name]));

/** Changes one open setting: to a neighbour among its choices, or by a quarter of its range; at an end it goes inward. */
export function stepSetting(candidate: TrialSettings, settings: SettingsSpace, rng: Rng): TrialSettings {
  const axes = axesOf(settings);
  const chosen = axes[drawIndex(axes.length, rng)];
  const direction = rng.next() < 1 / 2 ? 1 : -1;
  return settingsOf(axes, (axis) => (axis === chosen ? stepped(axis, candidate, direction) : candidate[axis.name]));
}

function stepped({ name, step, valueAt, positionOf }: Axis, candidate: TrialSettings, direction: number): Setting {
  const position = positionOf(candidate[name]);
  const there = position + direction * step;
  return valueAt(clip(there < 0 || there > 1 ? position - direction * step : there, 0, 1));
}

/** Takes each open setting from one of two candidates, that of a range anywhere between theirs. */
export const crossSettings = (
  [first, second]: readonly [TrialSettings, TrialSettings],
  settings: SettingsSpace,
  rng: Rng,
): TrialSettings =>
  settingsOf(axesOf(settings), ({ name, isRange, valueAt, positionOf }) => {
    const share = rng.next();
    const [one, other] = [first[name], second[name]];
    if (one === other || !isRange) return share < 1 / 2 ? one : other;
    return valueAt(share * positionOf(one) + (1 - share) * positionOf(other));
  });

/** What a linear model is told of a candidate's settings: the place in each range, -1 to 1; a 1 for the one choice, else 0. */
export const settingFeatures = (candidate: TrialSettings, settings: SettingsSpace): number[] =>
  axesOf(settings).flatMap(({ name, featuresOf }) => featuresOf(candidate[name]));

const settingsOf = (axes: readonly Axis[], valueOf: (axis: Axis) => Setting): TrialSettings =>
  trialSettingsSchema.parse(Object.fromEntries(axes.map((axis) => [axis.name, valueOf(axis)])));

/** The open settings, always in the same order. */
function axesOf({ space }: SettingsSpace): Axis[] {
  return [
    ...(space.baseLearningRate ? [realAxis('baseLearningRate', space.baseLearningRate, LOG_SCALE)] : []),
    ...(space.epochCount ? [integerAxis('epochCount', space.epochCount)] : []),
    ...(space.labelSmoothing ? [realAxis('labelSmoothing', space.labelSmoothing, LINEAR_SCALE)] : []),
    ...(space.weightDecay ? [realAxis('weightDecay', space.weightDecay, LOG_SCALE)] : []),
    ...listAxes('augmentation', space.augmentation),
    ...listAxes('imageSizePx', space.imageSizePx),
    ...listAxes('batchSize', space.batchSize),
  ];
}

interface Range {
  readonly min: number;
  readonly max: number;
}

interface Scale {
  readonly valueAt: (position: number, range: Range) => number;
  readonly positionOf: (value: number, range: Range) => number;
}

const LINEAR_SCALE: Scale = {
  valueAt: (position, { min, max }) => min + position * (max - min),
  positionOf: (value, { min, max }) => (value - min) / (max - min),
};

const LOG_SCALE: Scale = {
  valueAt: (position, { min, max }) => min * (max / min) ** position,
  positionOf: (value, { min, max }) => Math.log(value / min) / Math.log(max / min),
};

function realAxis(name: keyof SearchSpace, range: Range, scale: Scale): Axis {
  const inside = (value: number) => clip(value, range.min, range.max);
  const positionOf = (value: Setting) =>
    range.min === range.max ? 1 / 2 : scale.positionOf(inside(Number(value)), range);
  return {
    name,
    isRange: true,
    step: RANGE_STEP,
    valueAt: (position) => inside(Number(scale.valueAt(position, range).toPrecision(DIGITS))),
    positionOf,
    nearest: (value) => inside(Number(value)),
    featuresOf: (value) => [signed(positionOf(value))],
  };
}

function integerAxis(name: keyof SearchSpace, { min, max }: Range): Axis {
  const count = max - min + 1;
  const positionOf = (value: Setting) => (Number(value) - min + 1 / 2) / count;
  return {
    name,
    isRange: true,
    step: Math.max(RANGE_STEP, 1 / count),
    valueAt: (position) => min + cellOf(position, count),
    positionOf,
    nearest: (value) => clip(Number(value), min, max),
    featuresOf: (value) => [signed(positionOf(value))],
  };
}

function listAxes(name: keyof SearchSpace, choices: readonly (number | string)[]): Axis[] {
  if (choices.length === 0) return [];
  const placeOf = (value: Setting) => choices.findIndex((choice) => choice === value);
  const distance = (choice: number | string, value: Setting) => Math.abs(Number(choice) - Number(value));
  return [
    {
      name,
      isRange: false,
      step: 1 / choices.length,
      valueAt: (position) => choices[cellOf(position, choices.length)],
      positionOf: (value) => (placeOf(value) + 1 / 2) / choices.length,
      nearest: (value) => {
        if (placeOf(value) >= 0) return value;
        return choices.reduce((best, choice) => (distance(choice, value) < distance(best, value) ? choice : best));
      },
      featuresOf: (value) => choices.map((choice) => (choice === value ? 1 : 0)),
    },
  ];
}

/** Which of so many equal parts of the line a position lies in, from 0. */
const cellOf = (position: number, count: number): number => Math.min(count - 1, Math.floor(position * count));

/** A position as a feature around 0, rounded so far that no engine's last bit is left. */
const signed = (position: number): number => Math.round((2 * position - 1) * 1e6) / 1e6;

const clip = (value: number, min: number, max: number): number => Math.min(max, Math.max(min, value));
