/** Owns how a state is explained: a reason for programs, the cause and the remedy in words for people. */

export interface Explanation {
  readonly reason: string;
  readonly message: string;
}
