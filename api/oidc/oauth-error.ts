/** Owns the refusals of the token endpoint, in the words of RFC 6749 §5.2 and RFC 9396 §5. */

const statuses = {
  invalid_request: 400,
  invalid_grant: 400,
  invalid_client: 401,
  access_denied: 403,
  unsupported_grant_type: 400,
  invalid_authorization_details: 400,
  temporarily_unavailable: 503,
  server_error: 500,
} as const;

export class OAuthError extends Error {
  readonly error: keyof typeof statuses;

  constructor(error: keyof typeof statuses, description: string) {
    super(description);
    this.error = error;
  }

  get status(): number {
    return statuses[this.error];
  }
}
