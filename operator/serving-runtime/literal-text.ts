/** Owns texts that a kubelet takes as they are. */

/**
 * Returns `text` written so that a kubelet makes it what it was. Of commands, arguments and variables it expands
 * `$(NAME)`, and takes a doubled dollar sign for one (Kubernetes' rule); what users write as the place of a model is no
 * reference to a variable of the fetcher, which may be a credential.
 */
export const literalText = (text: string): string => text.replaceAll('$', () => '$$');
