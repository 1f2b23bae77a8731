package io.millrace.bdev.rpc;

import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevException.Kind;
import io.millrace.bdev.BdevProperties;
import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.MallocBdev;
import io.millrace.bdev.NullBdev;
import io.millrace.linux.Errno;
import io.millrace.rpc.Arguments;
import io.millrace.rpc.Configuration;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.Param;
import io.millrace.rpc.RpcException;
import io.millrace.rpc.RpcMethod;
import java.util.concurrent.CompletionStage;
import tools.jackson.databind.JsonNode;

/** Null and malloc disks. */
final class MemoryDiskMethods {
  private static final long MEBIBYTE = 1 << 20;

  private final BdevMethods bdevMethods;
  private int nextMalloc;

  MemoryDiskMethods(BdevMethods bdevMethods) {
    this.bdevMethods = bdevMethods;
  }

  void addTo(MethodRegistry methods) {
    RpcMethod.Builder createNull =
        bdevMethods
            .method("bdev_null_create", "Makes a disk that forgets what is written")
            .param(Param.string("name", "its name").required());
    methods.add(withNullHints(withSize(createNull)).handledBy(this::createNull));
    methods.add(
        bdevMethods
            .method("bdev_null_resize", "Makes a null disk larger")
            .param(Param.string("name", "the bdev").required())
            .param(Param.uint64("new_size", "MiB").required())
            .handledBy(this::resizeNull));
    bdevMethods.addDelete(methods, "bdev_null_delete", "Removes a null disk", NullBdev.class);

    RpcMethod.Builder createMalloc =
        bdevMethods
            .method("bdev_malloc_create", "Makes a disk in memory")
            .param(Param.string("name", "its name; Malloc0, Malloc1 .. without"));
    methods.add(
        withSize(createMalloc)
            .param(unsupported("optimal_io_boundary", "blocks a request should not cross"))
            .param(Param.bool("md_interleave", "where metadata is, if there is any"))
            .param(Param.integer("numa_id", -1, -1, "NUMA node; -1 is any").orElse(-1))
            .handledBy(this::createMalloc));
    bdevMethods.addDelete(methods, "bdev_malloc_delete", "Removes a malloc disk", MallocBdev.class);
  }

  private static RpcMethod.Builder withSize(RpcMethod.Builder method) {
    return method
        .param(Param.uint32("block_size", "bytes of a block, a power of two from 512").required())
        .param(Param.uint64("num_blocks", "blocks").required())
        .param(Param.uuid("uuid", "its UUID; a random one without"))
        .param(Param.uint32("physical_block_size", "bytes the medium writes at once"))
        .param(unsupported("md_size", "metadata bytes of a block"))
        .param(unsupported("dif_type", "protection information type"))
        .param(unsupported("dif_pi_format", "protection information format"))
        .param(Param.bool("dif_is_head_of_md", "where protection information is, if any"));
  }

  private static RpcMethod.Builder withNullHints(RpcMethod.Builder method) {
    return method
        .param(unsupported("preferred_write_granularity", "blocks"))
        .param(unsupported("preferred_write_alignment", "blocks"))
        .param(unsupported("optimal_write_size", "blocks"))
        .param(unsupported("preferred_unmap_granularity", "blocks"))
        .param(unsupported("preferred_unmap_alignment", "blocks"));
  }

  /** SPDK has it; here it can only be said to be off. */
  private static Param unsupported(String name, String help) {
    return Param.integer(name, 0, 0, help + "; not supported").orElse(0);
  }

  private CompletionStage<JsonNode> createNull(Arguments arguments) throws RpcException {
    return bdevMethods.create(
        arguments,
        () ->
            new NullBdev(
                arguments.string("name"),
                BdevMethods.uuid(arguments),
                blockSize(arguments),
                physicalBlockSize(arguments),
                arguments.integer("num_blocks")));
  }

  private CompletionStage<JsonNode> resizeNull(Arguments arguments) throws RpcException {
    long mebibytes = arguments.integer("new_size");
    if (mebibytes > Long.MAX_VALUE / MEBIBYTE) {
      throw RpcException.of(Errno.EINVAL, "new_size " + mebibytes + " MiB: no disk is so large");
    }
    refuseOtherKind(arguments.string("name"));
    return bdevMethods.resize(
        bdevMethods.bdev(arguments.string("name"), NullBdev.class),
        bdev -> {
          long before = bdev.blockCount();
          bdev.resize(mebibytes * MEBIBYTE / bdev.properties().blockSize());
          boolean grown = bdev.blockCount() != before;
          if (grown) {
            recordSize(bdev, arguments);
          }
          return grown;
        });
  }

  /**
   * As a call of its own, behind what stands on the disk by now: an error bdev's UUID and the parts
   * of a split are of the size that it had when they were made. SPDK records the size in the call
   * that made it.
   */
  private void recordSize(NullBdev bdev, Arguments resize) {
    Configuration configuration = bdevMethods.configuration();
    String id = Configuration.id("bdev", bdev.name(), "size");
    configuration.remove(id);
    configuration.put(
        ConfiguredBdevs.SUBSYSTEM, id, resize.method(), resize.asCalled().put("name", bdev.name()));
  }

  /** SPDK's errno where the disk is there and not a null disk; the other methods say ENODEV. */
  private void refuseOtherKind(String name) throws RpcException {
    try {
      if (!(bdevMethods.bdevs().get(name) instanceof NullBdev)) {
        throw RpcException.of(Errno.EINVAL, name + " is no null disk; it cannot be resized so");
      }
    } catch (BdevException e) {
      throw BdevErrors.of(e);
    }
  }

  private CompletionStage<JsonNode> createMalloc(Arguments arguments) throws RpcException {
    String name = arguments.optionalString("name").orElseGet(this::freeMallocName);
    return bdevMethods.create(
        arguments,
        () ->
            MallocBdev.create(
                name,
                BdevMethods.uuid(arguments),
                blockSize(arguments),
                physicalBlockSize(arguments),
                arguments.integer("num_blocks")));
  }

  private String freeMallocName() {
    BdevRegistry bdevs = bdevMethods.bdevs();
    String name;
    do {
      name = "Malloc" + nextMalloc++;
    } while (isTaken(bdevs, name));
    return name;
  }

  private static boolean isTaken(BdevRegistry bdevs, String name) {
    return bdevs.all().stream().anyMatch(bdev -> bdev.name().equals(name));
  }

  private static int blockSize(Arguments arguments) throws BdevException {
    return checkedBlockSize("block_size", arguments.integer("block_size"));
  }

  private static int physicalBlockSize(Arguments arguments) throws BdevException {
    long bytes = arguments.optionalInteger("physical_block_size").orElse(0);
    return bytes == 0 ? blockSize(arguments) : checkedBlockSize("physical_block_size", bytes);
  }

  static int checkedBlockSize(String name, long bytes) throws BdevException {
    if (!BdevProperties.isBlockSize(bytes)) {
      throw new BdevException(
          Kind.INVALID,
          name
              + " "
              + bytes
              + " is not a power of two from 512 to "
              + BdevProperties.MAX_BLOCK_SIZE);
    }
    return (int) bytes;
  }
}
