package io.millrace.initiator;

/** Is told of commands that are done. */
@FunctionalInterface
public interface ScsiCompletion {
  /**
   * A command is done; may submit others.
   *
   * @param token of its submission
   * @param response of {@link VirtioScsi}
   * @param status of SCSI; means something if the response is OK
   * @param slot for {@link ScsiRequestQueue#sense} and {@link ScsiRequestQueue#residual}, during
   *     this call
   * @param writtenBytes what the device says that it stored, response included
   */
  void completed(long token, int response, int status, int slot, long writtenBytes);
}
