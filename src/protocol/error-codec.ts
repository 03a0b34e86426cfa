import {
  CancelledError,
  ComputationError,
  FormatError,
  OutOfMemoryError,
  type FormatErrorDetail,
} from '../formats/errors';
import { DisconnectedError, RemoteError, type ErrorCodec, type WireError } from './rpc';

/** Errors between our processes and threads: the foreseen classes arrive as themselves, the rest as {@link RemoteError}. */
export const errorCodec: ErrorCodec = {
  encode(error: unknown): WireError {
    if (error instanceof FormatError) return { name: error.name, message: error.message, detail: error.detail };
    if (error instanceof Error) return { name: error.name, message: error.message, stack: error.stack };
    return { name: 'Error', message: String(error) };
  },
  decode(error: WireError): Error {
    switch (error.name) {
      case 'FormatError':
        return new FormatError(error.detail as FormatErrorDetail);
      case 'ComputationError':
        return new ComputationError(error.message);
      case 'OutOfMemoryError':
        return new OutOfMemoryError(error.message);
      case 'CancelledError':
        return new CancelledError();
      case 'DisconnectedError':
        return new DisconnectedError(error.message);
      default:
        return new RemoteError(error);
    }
  },
};
