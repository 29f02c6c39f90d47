/** 75.31 as 1:15.3; from an hour on 1:02:03. */
export function time(seconds: number): string {
  const tenths = Math.max(0, Math.round(seconds * 10));
  const whole = Math.floor(tenths / 10);
  const two = (value: number) => String(value).padStart(2, '0');
  const minutes = Math.floor(whole / 60);
  if (minutes >= 60) return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
  return `${minutes}:${two(whole % 60)}.${tenths % 10}`;
}

/** Length in words that a screen reader says well: 1 h 12 min, 3 min 5 s, 2.4 s. */
export function length(seconds: number): string {
  if (seconds >= 3600) return `${count(Math.floor(seconds / 3600))} h ${Math.floor((seconds % 3600) / 60)} min`;
  if (seconds >= 60) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  return `${seconds.toFixed(1)} s`;
}

/** Time that is left, in whole seconds below a minute. */
export function duration(seconds: number): string {
  return seconds > 59 ? length(Math.ceil(seconds)) : `${Math.ceil(seconds)} s`;
}

const grouped = new Intl.NumberFormat('en');

export function count(value: number): string {
  return grouped.format(value);
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

export function milliseconds(value: number): string {
  return `${count(Math.max(1, Math.round(value)))} ms`;
}

export function score(value: number): string {
  return value.toFixed(3);
}

/** Percentiles near 100 keep the digits that tell them apart: 97 %, 99.7 %, 99.98 %. */
export function percent(percentile: number): string {
  const digits = percentile >= 99.9 ? 2 : percentile >= 99 ? 1 : 0;
  const scale = 10 ** digits;
  return `${(Math.floor(percentile * scale) / scale).toFixed(digits)} %`;
}
