/** One fault of a request, in a form that every protocol can show. */
export interface RequestFault {
  /** JSON pointer (RFC 6901) to the member, '' for the whole request. */
  readonly pointer: string;
  /** The end of a sentence about the member. */
  readonly detail: string;
}
