/** Owns the placeholders in a runtime's containers: {{model.uri}}, {{model.dir}}, {{server.port}}, {{endpoint.name}}. */
import { AppError } from '../../platform/errors.ts';

export type PlaceholderValues = Readonly<
  Record<'model.uri' | 'model.dir' | 'server.port' | 'endpoint.name', string>
>;

/**
 * Returns `value` with the placeholders in all its strings filled in; keys are left alone.
 *
 * @throws AppError `RUNTIME_PLACEHOLDER_UNKNOWN` naming the placeholder and those that exist.
 */
export function fillPlaceholders<Value>(value: Value, values: PlaceholderValues): Value {
  return fill(value, values) as Value;
}

function fill(value: unknown, values: PlaceholderValues): unknown {
  if (typeof value === 'string') return fillText(value, values);
  if (Array.isArray(value)) return value.map((item) => fill(item, values));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, fill(part, values)]));
}

function fillText(text: string, values: PlaceholderValues): string {
  return text.replaceAll(/\{\{\s*([^{}]*?)\s*\}\}/g, (_all, name: string) => {
    if (Object.hasOwn(values, name)) return values[name as keyof PlaceholderValues];
    throw new AppError(
      'RUNTIME_PLACEHOLDER_UNKNOWN',
      `the runtime uses {{${name}}}, which does not exist; known are ${Object.keys(values).join(', ')}`,
    );
  });
}
