package io.millrace.bdev.rpc;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevWatcher;
import io.millrace.rpc.Notifications;

/** Tells RPC clients what becomes of bdevs, with SPDK's names for it. Control thread. */
public final class BdevNotifications implements BdevWatcher {
  private static final String REGISTER = "bdev_register";
  private static final String UNREGISTER = "bdev_unregister";
  private static final String RESIZE = "bdev_resize";

  private final Notifications notifications;

  /** Declares the types. */
  public BdevNotifications(Notifications notifications) {
    this.notifications = notifications;
    notifications.addType(REGISTER);
    notifications.addType(UNREGISTER);
    notifications.addType(RESIZE);
  }

  @Override
  public void registered(Bdev bdev) {
    notifications.add(REGISTER, bdev.name());
  }

  @Override
  public void resized(Bdev bdev) {
    notifications.add(RESIZE, bdev.name());
  }

  @Override
  public void unregistered(Bdev bdev) {
    notifications.add(UNREGISTER, bdev.name());
  }
}
