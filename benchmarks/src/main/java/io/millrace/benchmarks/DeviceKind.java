package io.millrace.benchmarks;

/** How a disk is shown to a guest. */
enum DeviceKind {
  BLK("blk", "vhost_blk") {
    @Override
    String controller(String socketName, String bdev, boolean packed) {
      return SpdkConfiguration.call(
          "vhost_create_blk_controller",
          "\"ctrlr\": \"%s\", \"dev_name\": \"%s\"%s"
              .formatted(socketName, bdev, packed ? ", \"packed_ring\": true" : ""));
    }
  },
  SCSI("scsi", "vhost_scsi") {
    @Override
    String controller(String socketName, String bdev, boolean packed) {
      String create = "\"ctrlr\": \"%s\"".formatted(socketName);
      String add = "%s, \"scsi_target_num\": 0, \"bdev_name\": \"%s\"".formatted(create, bdev);
      return SpdkConfiguration.call("vhost_create_scsi_controller", create)
          + ",\n"
          + SpdkConfiguration.call("vhost_scsi_controller_add_target", add);
    }
  };

  /** As {@code bdev_virtio_attach_controller} has it. */
  final String deviceType;

  /** Of the configuration file. */
  final String subsystem;

  DeviceKind(String deviceType, String subsystem) {
    this.deviceType = deviceType;
    this.subsystem = subsystem;
  }

  /**
   * The calls that make a disk's socket.
   *
   * @param packed whether SPDK is told to offer packed rings, which it does for blk alone
   */
  abstract String controller(String socketName, String bdev, boolean packed);
}
