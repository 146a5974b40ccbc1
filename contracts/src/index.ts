// What two deployables must agree on. Imports nothing of ours; browser-safe parts have subpaths of their own.

export {
  type AuthorityEvent,
  type AuthorityVerdict,
  type FeedLine,
  internalPaths,
} from './authority-event.ts'
export { isChannelName } from './channel.ts'
export {
  type CloseCategory,
  type CloseCode,
  type CloseName,
  closeCodeOf,
  closeCodes,
  type ReconnectRule,
} from './close-codes.ts'
export { closeReason, maxCloseReasonBytes } from './close-reason.ts'
export { type Denial, type DenialCode, denials } from './denials.ts'
export {
  type CredentialWay,
  formatGeneration,
  type Generation,
  type Identity,
  isSameGeneration,
  parseGeneration,
} from './identity.ts'
export { isLoginAnswer, type LoginAnswer, signedInCookieName } from './login-answer.ts'
export { type ProblemAnswer, problemAnswer, problemContentType } from './problem-document.ts'
export { err, ok, type Result } from './result.ts'
export { type ServiceRole, serviceRoles } from './service-role.ts'
