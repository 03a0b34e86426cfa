/** Why a package cannot be installed, and what its user can do; the message is for people. */
export class InstallError extends Error {
  override readonly name = 'InstallError';
}
