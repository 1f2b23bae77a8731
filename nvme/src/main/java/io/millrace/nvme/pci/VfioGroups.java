package io.millrace.nvme.pci;

import io.millrace.linux.Errno;
import io.millrace.linux.IovaRange;
import io.millrace.linux.LinuxException;
import io.millrace.linux.VfioContainer;
import io.millrace.linux.VfioDevice;
import io.millrace.linux.VfioGroup;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The IOMMU groups and containers that this process has open. The kernel opens a group once, so its
 * functions share it here; and all groups share one container, so that the memory of a guest is
 * pinned once however many drives it has. A group whose IOMMU cannot take what is mapped there gets
 * a container of its own. Any thread.
 */
final class VfioGroups {
  private static final Map<Integer, OpenGroup> OPEN = new HashMap<>();
  private static final List<Space> SPACES = new ArrayList<>();

  private VfioGroups() {}

  /** A container, what is mapped in it, and how many groups keep it open. */
  private static final class Space {
    final VfioContainer container;
    @Nullable DmaMappings mappings; // null until its first group has come
    int groups;

    Space(VfioContainer container) {
      this.container = container;
    }
  }

  /** A group that is open, and how many functions of it are. */
  static final class OpenGroup {
    private final int number;
    private final VfioGroup group;
    private final Space space;
    private int users;

    private OpenGroup(int number, VfioGroup group, Space space) {
      this.number = number;
      this.group = group;
      this.space = space;
    }

    VfioDevice device(PciAddress address) throws LinuxException {
      return group.device(address.toString());
    }

    DmaMappings mappings() {
      DmaMappings mappings = space.mappings;
      if (mappings == null) {
        throw new IllegalStateException("the container has no group");
      }
      return mappings;
    }
  }

  /** A group by its number, for one function of it. The caller gives it back. */
  static synchronized OpenGroup take(int number) throws LinuxException {
    OpenGroup open = OPEN.get(number);
    if (open == null) {
      VfioGroup group = VfioGroup.open(number);
      try {
        open = new OpenGroup(number, group, spaceFor(group));
      } catch (LinuxException e) {
        group.close();
        throw e;
      }
      open.space.groups++;
      OPEN.put(number, open);
    }
    open.users++;
    return open;
  }

  private static Space spaceFor(VfioGroup group) throws LinuxException {
    for (Space space : SPACES) {
      try {
        join(space, group);
        return space;
      } catch (LinuxException e) {
        if (e.errno() != Errno.EINVAL) {
          throw e;
        }
      }
    }
    Space space = new Space(VfioContainer.open());
    try {
      join(space, group);
    } catch (LinuxException e) {
      space.container.close();
      throw e;
    }
    SPACES.add(space);
    return space;
  }

  private static void join(Space space, VfioGroup group) throws LinuxException {
    space.container.add(group);
    List<IovaRange> ranges = space.container.ranges();
    DmaMappings mappings = space.mappings;
    if (mappings == null) {
      space.mappings = new DmaMappings(DmaTable.of(space.container), ranges);
    } else {
      mappings.restrict(ranges);
    }
  }

  /** The function that took it is closed; the last one closes the group. */
  static synchronized void giveBack(OpenGroup open) {
    open.users--;
    if (open.users > 0) {
      return;
    }
    OPEN.remove(open.number);
    open.group.close();
    Space space = open.space;
    space.groups--;
    if (space.groups == 0) {
      SPACES.remove(space);
      space.container.close();
    }
  }
}
