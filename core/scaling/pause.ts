/** Owns how a person holds autoscaling still: one annotation on the endpoint. */

/** On a ServingEndpoint: which changes of scale are held back. A wake-up from zero never is: callers wait for it. */
export const autoscalingAnnotation = 'serving.fairlead.dev/autoscaling';

/** `paused`: no change; `paused-scale-in`: none to fewer; `paused-scale-out`: none to more. */
export const pauses = ['paused', 'paused-scale-in', 'paused-scale-out'] as const;

export interface Pause {
  /** No replica is added, but for the first one at zero. */
  readonly scaleOut: boolean;
  /** No replica is taken away, the last one included. */
  readonly scaleIn: boolean;
  /** What the annotation says where that is none of the words above: then nothing is held back. */
  readonly unknown?: string;
}

/** Returns what the annotations of an endpoint hold back. */
export function pauseOf(annotations: Readonly<Record<string, string>> | undefined): Pause {
  const word = annotations?.[autoscalingAnnotation];
  const isKnown = word === undefined || (pauses as readonly string[]).includes(word);
  return {
    scaleOut: word === 'paused' || word === 'paused-scale-out',
    scaleIn: word === 'paused' || word === 'paused-scale-in',
    ...(isKnown ? {} : { unknown: word }),
  };
}
