package io.millrace.virtio.blk;

import io.millrace.virtqueue.RingFormat;
import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.Instruction;
import java.lang.classfile.MethodModel;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Edges of a request's life at which a target can die, each a place in the code as it is: its class
 * is rewritten, and stands before the real one on the class path of the process that is to die.
 */
enum RequestEdge {
  /** Taken off the ring; the region does not know. */
  FETCHED(inflight("Split", "fetched(I)V", When.BEFORE), inflight("Packed", "end()I", When.BEFORE)),
  /** Noted in the region. */
  MARKED(inflight("Split", "fetched(I)V", When.AFTER), inflight("Packed", "end()I", When.AFTER)),
  /** All of the batch noted, and their first status stored. */
  TAKEN(new Place("virtio.blk.BlkQueue", "submitTaken()V", When.BEFORE)),
  /** In the queue to the kernel, which does not know. */
  PREPARED(new Place("bdev.file.FileEngine", "endOfRound()V", When.BEFORE)),
  /** The kernel has it, and may do it whatever becomes of us. */
  SUBMITTED(new Place("bdev.file.FileEngine", "endOfRound()V", When.AFTER)),
  /** The storage is done, nothing is written to the guest. */
  DONE(new Place("virtio.blk.BlkQueue", "done(", When.AFTER)),
  /** The status byte is written. */
  ANSWERED(new Place("vhost.user.server.VringWorker", "give(", When.BEFORE)),
  /** So is the used element or, unless it is the batch's first, the descriptor. */
  USED(inflight("Split", "used(I)V", When.BEFORE), inflight("Packed", "used(I)V", When.BEFORE)),
  /** The region knows that it may be seen as used. */
  LISTED(inflight("Split", "used(I)V", When.AFTER), inflight("Packed", "used(I)V", When.AFTER)),
  /** The whole batch is ready; one store, and the driver sees it. */
  PUBLISHING(
      new Place("virtqueue.SplitDeviceQueue", "show()V", When.BEFORE),
      inflight("Packed", "publishing(I)V", When.AFTER)),
  /** The driver sees it, the region does not know. */
  PUBLISHED(
      new Place("virtqueue.SplitDeviceQueue", "show()V", When.AFTER_STORE),
      new Place("virtqueue.PackedDeviceQueue", "show()V", When.AFTER_STORE)),
  /** The region knows of a part of the batch. */
  CLEARING(
      inflight("Split", "published(I)V", When.AFTER_STORE),
      new Place("live.migration.PackedRegion", "clear(I)V", When.AFTER)),
  /** The region knows. */
  CLEARED(
      inflight("Split", "published(I)V", When.AFTER),
      inflight("Packed", "published()V", When.AFTER)),
  /** The driver, which sleeps, is about to be woken. */
  CALLING(new Place("vhost.user.server.RingSignals", "call()V", When.BEFORE)),
  /** Another process has died before, and what the region says is being put right. */
  RECOVERING(
      inflight("Split", "recover(", When.AFTER_STORE),
      new Place("live.migration.PackedRecovery", "clear(", When.AFTER)),
  /** The ring stands where it shall go on. */
  RECOVERED(
      inflight("Split", "open(", When.AFTER),
      new Place("virtqueue.PackedDeviceQueue", "takeBackUnpublished()V", When.AFTER)),
  /** What was in flight then is fetched again. */
  REFETCHED(
      new Place("virtqueue.SplitDeviceQueue", "fetchAgain(", When.AFTER),
      new Place("virtqueue.PackedDeviceQueue", "fetchAgain(", When.AFTER));

  private enum When {
    BEFORE,
    AFTER,
    AFTER_STORE
  }

  /**
   * Where an edge is.
   *
   * @param type behind {@code io.millrace}
   * @param method its name, and as much of its descriptor as tells it from others
   */
  private record Place(String type, String method, When when) {
    boolean isIn(MethodModel of) {
      return (of.methodName().stringValue() + of.methodType().stringValue()).startsWith(method);
    }

    String file() {
      return "io/millrace/" + type.replace('.', '/') + ".class";
    }
  }

  @SuppressWarnings("ImmutableEnumChecker") // a record of strings and an enum
  private final Place split;

  @SuppressWarnings("ImmutableEnumChecker")
  private final Place packed;

  RequestEdge(Place split, Place packed) {
    this.split = split;
    this.packed = packed;
  }

  RequestEdge(Place both) {
    this(both, both);
  }

  private static Place inflight(String format, String method, When when) {
    return new Place("live.migration." + format + "Inflight", method, when);
  }

  /** Whether a process comes by here once, when it takes a ring over. */
  boolean isOfStart() {
    return this == RECOVERING || this == RECOVERED;
  }

  /**
   * Writes the class with the edge, which then says {@link KillPoint#passed}.
   *
   * @param folder gets it; to stand before the others on a class path
   */
  void writeTo(Path folder, RingFormat format) throws IOException {
    Place place = format == RingFormat.SPLIT ? split : packed;
    Path file = folder.resolve(place.file());
    Files.createDirectories(file.getParent());
    Files.write(file, rewrite(place));
  }

  private byte[] rewrite(Place place) throws IOException {
    ClassLoader loader = RequestEdge.class.getClassLoader();
    ClassFile file =
        ClassFile.of(
            ClassFile.ClassHierarchyResolverOption.of(
                ClassHierarchyResolver.ofResourceParsing(loader)
                    .orElse(ClassHierarchyResolver.defaultResolver())));
    KillPoints points = new KillPoints(place.when);
    try (InputStream in = loader.getResourceAsStream(place.file())) {
      if (in == null) {
        throw new AssertionError(this + " is nowhere: there is no " + place.file());
      }
      byte[] bytes =
          file.transformClass(
              file.parse(in.readAllBytes()),
              ClassTransform.transformingMethodBodies(place::isIn, points));
      if (points.count == 0) {
        throw new AssertionError(this + " is nowhere: the code has no " + place);
      }
      return bytes;
    }
  }

  /** Puts the call in. */
  private static final class KillPoints implements CodeTransform {
    private static final ClassDesc TYPE = ClassDesc.of(KillPoint.class.getName());
    private static final MethodTypeDesc PASSED = MethodTypeDesc.of(ConstantDescs.CD_void);

    private final When when;
    private boolean begun;
    private int count;

    KillPoints(When when) {
      this.when = when;
    }

    @Override
    public void accept(CodeBuilder builder, CodeElement element) {
      if (isBefore(element)) {
        builder.invokestatic(TYPE, "passed", PASSED);
        count++;
      }
      builder.with(element);
      if (isAfter(element)) {
        builder.invokestatic(TYPE, "passed", PASSED);
        count++;
      }
    }

    private boolean isBefore(CodeElement element) {
      if (when == When.AFTER) {
        return element instanceof ReturnInstruction;
      }
      boolean first = when == When.BEFORE && !begun && element instanceof Instruction;
      begun |= first;
      return first;
    }

    private boolean isAfter(CodeElement element) {
      return when == When.AFTER_STORE
          && element instanceof InvokeInstruction call
          && isStore(call.owner().asInternalName(), call.name().stringValue());
    }

    private static boolean isStore(String owner, String method) {
      return (owner.endsWith("/RawMemory") && method.startsWith("put"))
          || (owner.endsWith("/PackedDesc") && method.equals("stateRelease"));
    }
  }
}
