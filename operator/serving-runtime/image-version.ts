/** Owns the change of an image's version: `runtimeVersion` in place of the tag or digest. */

/**
 * Returns `image` with another version: a tag, or a digest (`sha256:…`). A digest that the image had goes, since it would
 * win over the tag.
 */
export function withVersion(image: string, version: string): string {
  const [named = ''] = image.split('@', 1);
  // A colon before the last slash belongs to the port of the registry.
  const repository = named.replace(/:[^:/]*$/, '');
  return version.startsWith('sha256:') ? `${repository}@${version}` : `${repository}:${version}`;
}
