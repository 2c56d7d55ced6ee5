/** Names of options as files have them. Apart from what checks files: that needs a package.
 * @module */

/**
 * From code to file.
 *
 * @param name for instance `receiveMaximum`
 * @returns `receive_maximum`
 */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
