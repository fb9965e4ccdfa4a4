import fc from "fast-check";
import { type Day, dayOfEpochDay } from "../../src/day.ts";

/** Any day of the years 1 to 9999, the last of February and the ends of the range more often than chance has it. */
export const anyDay: fc.Arbitrary<Day> = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -719_162, max: 2_932_896 }).map(dayOfEpochDay) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.integer({ min: 1, max: 2499 }), fc.integer({ min: -2, max: 2 }))
      // 29 February of a year that divides by 4, or about there.
      .map(([fourYears, shift]) => dayOfEpochDay(Math.round(fourYears * 1461 - 719_468 - 307) + shift)),
  },
  { weight: 1, arbitrary: fc.constantFrom(-719_162, 2_932_896).map(dayOfEpochDay) },
);

/** Days of a few years around now, so that terms end among them. */
export const nearDay: fc.Arbitrary<Day> = fc.integer({ min: 19_000, max: 21_500 }).map(dayOfEpochDay);
