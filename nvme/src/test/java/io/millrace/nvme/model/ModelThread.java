package io.millrace.nvme.model;

/** Runs a controller until closed. */
final class ModelThread implements AutoCloseable {
  private static final int MOST_IDLE_ROUNDS = 64;

  private final ModelController controller;
  private final Thread thread;
  private volatile boolean stop;

  ModelThread(ModelController controller) {
    this.controller = controller;
    controller.spinning(true);
    thread = Thread.ofPlatform().name("nvme-model").daemon().start(this::run);
  }

  @SuppressWarnings("ThreadPriorityCheck") // yield: on few cores the driver must get its turn
  private void run() {
    int idle = 0;
    for (int round = 0; !stop; round++) {
      if (controller.spin(round) > 0) {
        idle = 0;
      } else if (++idle < MOST_IDLE_ROUNDS) {
        Thread.onSpinWait();
      } else {
        Thread.yield();
      }
    }
  }

  @Override
  public void close() {
    stop = true;
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    controller.spinning(false);
  }
}
