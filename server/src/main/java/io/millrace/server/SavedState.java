package io.millrace.server;

import io.millrace.rpc.ConfigException;
import io.millrace.rpc.ConfigFile;
import io.millrace.rpc.state.ConfigurationJournal;
import io.millrace.rpc.state.StateException;
import io.millrace.rpc.state.StateStore;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** The state directory of a server: its store, and the configuration in it. Main thread. */
final class SavedState implements AutoCloseable {
  private final Path directory;
  private final StateStore store;
  private final ConfigurationJournal journal;

  private SavedState(Path directory, StateStore store, ConfigurationJournal journal) {
    this.directory = directory;
    this.store = store;
    this.journal = journal;
  }

  /** Claims the directory of {@code --state}; null without one. */
  static @Nullable SavedState open(ServeOptions options) throws CommandException {
    Path directory = options.state();
    if (directory == null) {
      return null;
    }
    StateStore store = null;
    try {
      store = StateStore.open(directory);
      SavedState opened =
          new SavedState(directory, store, ConfigurationJournal.of("--state " + directory, store));
      opened.refuseNothing(options);
      store = null;
      return opened;
    } catch (StateException e) {
      throw CommandException.misused(e);
    } finally {
      if (store != null) {
        store.close();
      }
    }
  }

  /** A server that has nothing, and cannot be told anything, would wait for ever. */
  private void refuseNothing(ServeOptions options) throws CommandException {
    if (!journal.hasConfiguration()
        && options.disks().isEmpty()
        && options.scsi().isEmpty()
        && options.configuration() == null
        && options.rpcSocket() == null) {
      throw CommandException.misused(
          "--state "
              + directory
              + " has no configuration to serve; give --blk, --scsi, -c FILE or -r SOCKET as well");
    }
  }

  /**
   * What there is to load: the configuration of the directory wins over a file, which may so stay
   * on the command line for the first start.
   *
   * @param saved null without a state directory
   */
  static @Nullable ConfigFile fileToLoad(ServeOptions options, @Nullable SavedState saved)
      throws CommandException {
    Path file = options.configuration();
    if (file != null && saved != null && saved.hasConfiguration()) {
      LoggerFactory.getLogger(SavedState.class)
          .warn(
              "-c {} was not read: {} has a configuration, which goes on; to begin again from the"
                  + " file, stop the server and run millrace state forget {} --all",
              file,
              saved.directory,
              saved.directory);
      return null;
    }
    try {
      return file == null ? null : ConfigFile.read(file);
    } catch (ConfigException e) {
      throw CommandException.misused(e);
    }
  }

  boolean hasConfiguration() {
    return journal.hasConfiguration();
  }

  /** Whether a file or a directory says what to serve, of which there may be neither. */
  static boolean isConfigured(@Nullable ConfigFile file, @Nullable SavedState saved) {
    return file != null || (saved != null && saved.hasConfiguration());
  }

  /** Whether one of them has a call of this method. */
  static boolean isCalled(String method, @Nullable ConfigFile file, @Nullable SavedState saved) {
    return (file != null && file.calls(method)) || (saved != null && saved.journal.stores(method));
  }

  StateStore store() {
    return store;
  }

  ConfigurationJournal journal() {
    return journal;
  }

  @Override
  public void close() {
    store.close();
  }
}
