package io.millrace.rpc;

/** The two states of SPDK's life cycle: options may change, then devices may come and go. */
public enum RpcState {
  /** Before the subsystems are initialised: only options can be set. */
  STARTUP,
  /** Subsystems run: bdevs and controllers can be created. */
  RUNTIME
}
