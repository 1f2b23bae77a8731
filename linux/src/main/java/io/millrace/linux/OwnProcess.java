package io.millrace.linux;

/** This process, as others see it. */
public final class OwnProcess {
  private OwnProcess() {}

  /**
   * Sends this process a signal, as anybody else would ({@code kill(2)}).
   *
   * @param number of the signal
   */
  public static void signal(int number) throws LinuxException {
    long pid = Syscall.call(Syscall.GETPID);
    LinuxException.check(Syscall.call(Syscall.KILL, pid, number), "send a signal to", "itself");
  }
}
