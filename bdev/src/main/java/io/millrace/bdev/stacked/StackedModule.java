package io.millrace.bdev.stacked;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevException.Kind;
import io.millrace.bdev.BdevProperties;
import io.millrace.bdev.BdevRegistry;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What one module is asked to stack: made at once if the base is there, and otherwise, as in SPDK,
 * when it comes. What is asked for stays asked for until it is forgotten, so that a base that was
 * removed and comes back is stacked on again; what cannot be made when its base comes is forgotten.
 * Control thread.
 */
public final class StackedModule {
  private static final Logger LOG = LoggerFactory.getLogger(StackedModule.class);

  /** Makes and registers what was asked for; NOT_FOUND if the base is not there. */
  @FunctionalInterface
  public interface Maker {
    /** Makes it. */
    void make() throws BdevException;
  }

  private record Wish(String baseName, Maker maker) {}

  private final String name;
  private final Consumer<String> forgotten;
  private final Map<String, Wish> wishes = new LinkedHashMap<>();

  /**
   * A module that nothing was asked of.
   *
   * @param name for messages
   * @param forgotten told the key of what is not asked for any longer
   */
  public StackedModule(BdevRegistry registry, String name, Consumer<String> forgotten) {
    this.name = name;
    this.forgotten = forgotten;
    registry.addExaminer(this::examine);
  }

  /**
   * Asks for something to be stacked on a bdev.
   *
   * @param key what it is called within the module, unique there
   * @param baseName name or UUID of the base
   * @return whether it is made; false if it waits for its base
   */
  public boolean ask(String key, String baseName, Maker maker) throws BdevException {
    BdevProperties.requireName(key); // now, and not when the base comes: messages hold both
    BdevProperties.requireName(baseName);
    if (wishes.containsKey(key)) {
      throw new BdevException(
          Kind.EXISTS, name + " " + key + " was asked for already; delete it first");
    }
    wishes.put(key, new Wish(baseName, maker));
    boolean refused = true;
    try {
      maker.make();
      refused = false;
      return true;
    } catch (BdevException e) {
      refused = e.kind() != Kind.NOT_FOUND;
      if (refused) {
        throw e;
      }
      LOG.info("{} {} waits for its base {}", name, key, baseName);
      return false;
    } finally {
      if (refused) {
        wishes.remove(key);
      }
    }
  }

  /**
   * Asks for it no longer; what was made stays.
   *
   * @return whether it had been asked for
   */
  public boolean forget(String key) {
    boolean asked = wishes.remove(key) != null;
    if (asked) {
      forgotten.accept(key);
    }
    return asked;
  }

  private void examine(Bdev bdev) {
    for (Map.Entry<String, Wish> entry : List.copyOf(wishes.entrySet())) {
      String wanted = entry.getValue().baseName;
      if (wanted.equals(bdev.name()) || wanted.equals(bdev.properties().uuid().toString())) {
        try {
          entry.getValue().maker.make();
        } catch (BdevException | IllegalArgumentException e) {
          // Or it would come to be at another time here than after a restart.
          LOG.warn("{} {} is not made: {}; ask again", name, entry.getKey(), e.getMessage());
          forget(entry.getKey());
        }
      }
    }
  }
}
