package io.millrace.bdev.file;

/**
 * Which of SPDK's modules a file bdev stands for: it has that one's name, shape in {@code
 * bdev_get_bdevs} and delete method. What it does is the same.
 */
public enum FileBdevKind {
  /** {@code bdev_aio_create}. */
  AIO("AIO disk", "aio"),
  /** {@code bdev_uring_create}. */
  URING("URING bdev", "uring");

  private final String productName;
  private final String module;

  FileBdevKind(String productName, String module) {
    this.productName = productName;
    this.module = module;
  }

  /** SPDK's name of the product. */
  public String productName() {
    return productName;
  }

  /** SPDK's name of the module. */
  public String module() {
    return module;
  }
}
