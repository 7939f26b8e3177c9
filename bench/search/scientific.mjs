const SUPERSCRIPT_DIGITS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** A large number in short: 1.2·10¹⁵. @param {number} value At least 1. */
export function scientific(value) {
  const [mantissa, exponent] = value.toExponential(1).split('e+');
  const power = `10${[...exponent].map((digit) => SUPERSCRIPT_DIGITS[Number(digit)]).join('')}`;
  const factor = mantissa.replace('.0', '');
  return factor === '1' ? power : `${factor}·${power}`;
}
