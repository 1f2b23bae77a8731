package io.millrace.server.metrics;

import java.lang.reflect.InvocationTargetException;
import org.jspecify.annotations.Nullable;

/**
 * The JVM's counts of its safepoints. No public interface has them: they are read from a bean of
 * {@code java.management} that the launcher exports to this module, and that counts only with
 * {@code -XX:+UsePerfData}, which it gives with {@code --metrics}.
 */
final class Safepoints {
  /**
   * Since the start.
   *
   * @param millis that threads stood still
   * @param syncMillis the part of it until the last thread stood
   */
  record Totals(long count, long millis, long syncMillis) {}

  private static final String PACKAGE = "sun.management.";

  private Safepoints() {}

  /** Null where the JVM was not started to tell. */
  static @Nullable Totals totals() {
    try {
      Class<?> bean = Class.forName(PACKAGE + "HotspotRuntimeMBean");
      Object runtime =
          Class.forName(PACKAGE + "ManagementFactoryHelper")
              .getMethod("getHotspotRuntimeMBean")
              .invoke(null);
      long count = number(bean, runtime, "getSafepointCount");
      long millis = number(bean, runtime, "getTotalSafepointTime");
      long syncMillis = number(bean, runtime, "getSafepointSyncTime");
      return count < 0 ? null : new Totals(count, millis, syncMillis);
    } catch (ClassNotFoundException | NoSuchMethodException | IllegalAccessException e) {
      return null;
    } catch (InvocationTargetException e) {
      throw new IllegalStateException(e);
    }
  }

  private static long number(Class<?> bean, @Nullable Object runtime, String method)
      throws NoSuchMethodException, IllegalAccessException, InvocationTargetException {
    return bean.getMethod(method).invoke(runtime) instanceof Long value ? value : -1;
  }
}
