/**
 * Colours of a spectrogram: black by violet and coral to pale yellow, lighter with every step, so that loudness stays readable in
 * grey and to colour-blind eyes. Anchors of magma's kind, mixed in linear light's OKLab.
 */
const anchors = ['#000004', '#180f3d', '#440f76', '#721f81', '#9e2f7f', '#cd4071', '#f1605d', '#fd9668', '#feca8d', '#fcfdbf'];

type Triple = [number, number, number];

function toLab(hex: string): Triple {
  const [r, g, b] = [1, 3, 5].map(at => {
    const value = parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as Triple;
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function toBytes([lightness, a, b]: Triple): Triple {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ].map(linear => {
    const clamped = Math.min(1, Math.max(0, linear));
    return Math.round(255 * (clamped <= 0.0031308 ? 12.92 * clamped : 1.055 * clamped ** (1 / 2.4) - 0.055));
  }) as Triple;
}

/** Red, green and blue of each of 256 grey levels, one after another. */
export const levels: Uint8ClampedArray = (() => {
  const labs = anchors.map(toLab);
  const table = new Uint8ClampedArray(256 * 3);
  for (let level = 0; level < 256; level++) {
    const at = level / 255 * (labs.length - 1);
    const below = Math.min(labs.length - 2, Math.floor(at));
    const [from, to, share] = [labs[below]!, labs[below + 1]!, at - below];
    table.set(toBytes([0, 1, 2].map(i => from[i]! + share * (to[i]! - from[i]!)) as Triple), level * 3);
  }
  return table;
})();

/** Grey pixels (RGBA, all three alike) become the colours of their levels. */
export function colour(pixels: Uint8ClampedArray): void {
  for (let at = 0; at < pixels.length; at += 4) {
    const level = pixels[at]! * 3;
    pixels[at] = levels[level]!;
    pixels[at + 1] = levels[level + 1]!;
    pixels[at + 2] = levels[level + 2]!;
  }
}
