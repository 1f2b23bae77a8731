package io.millrace.vhost.user.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.millrace.linux.Errno;
import io.millrace.reactor.Reactor;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.RpcException;
import io.millrace.vhost.user.VhostSocket;
import io.millrace.vhost.user.server.Coalescing;
import io.millrace.vhost.user.server.ControllerException;
import io.millrace.vhost.user.server.DeviceSession;
import io.millrace.vhost.user.server.Placement;
import io.millrace.vhost.user.server.VhostController;
import io.millrace.vhost.user.server.VhostControllers;
import io.millrace.vhost.user.server.VhostDevice;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What controllers of every kind have in common, with one of no kind. */
class VhostMethodsTest {
  @TempDir Path dir;

  private final JsonMapper json = new JsonMapper();
  private final Reactor reactor = Reactor.stepped("all");
  private final VhostControllers controllers =
      new VhostControllers(reactor, new TreeMap<>(Map.of(1, reactor, 4, reactor)));
  private final MethodRegistry methods = new MethodRegistry();
  private long now;

  @BeforeEach
  void addMethods() throws Exception {
    VhostMethods.addTo(methods, controllers);
    methods.enterRuntime();
  }

  @AfterEach
  void close() {
    reactor.close();
  }

  private Plain add(String name) throws ControllerException {
    Placement placement = controllers.place(name, null);
    Plain made = new Plain(new Nothing(name, placement), placement);
    controllers.add(made);
    return made;
  }

  @Test
  void aControllerIsDescribedWithWhatItsKindSays() throws Exception {
    Plain plain = add("a");
    assertThat(plain.isServed()).isFalse();
    controllers.serve(plain, VhostSocket.listen(dir.resolve("a"), null));

    assertThat(call("vhost_get_controllers", "{}").toString())
        .isEqualTo(
            ("[{'ctrlr':'a','cpumask':'0x12','delay_base_us':0,'iops_threshold':60000,"
                    + "'socket':'%s','sessions':[],'backend_specific':"
                    + "{'plain':[1,true,null,'text']}}]")
                .formatted(dir.resolve("a"))
                .replace('\'', '"'));
  }

  @Test
  void coalescingIsPassedOn() throws Exception {
    Plain plain = add("a");

    call(
        "vhost_controller_set_coalescing",
        "{'ctrlr':'a','delay_base_us':5,'iops_threshold':20000}");

    assertThat(plain.applied).isEqualTo(new Coalescing(5, 20000));
    assertThat(plain.coalescing()).isEqualTo(plain.applied);
  }

  @Test
  void whatIsDeletedLetsGoOfAllAndItsNameIsFree() throws Exception {
    Plain served = add("a");
    controllers.serve(served, VhostSocket.listen(dir.resolve("a"), null));
    Plain other = add("b");
    var deleted = methods.call("vhost_delete_controller", json.readTree("{\"ctrlr\":\"a\"}"));
    step();

    assertThat(deleted.toCompletableFuture()).isCompleted();
    assertThat(served.released).isTrue();
    assertThat(dir).isEmptyDirectory();
    assertThat(controllers.all()).containsExactly(other);
    add("a");
    var all = controllers.deleteAll();
    step();
    assertThat(all.toCompletableFuture()).isCompleted();
    assertThat(other.released).isTrue();
    assertThat(controllers.rings()).isEmpty();
  }

  @Test
  void namesAndCoresThatCannotBeAreRefused() throws Exception {
    add("a");
    BitSet none = new BitSet();
    none.set(0);

    assertThatThrownBy(() -> controllers.place("a", null))
        .isInstanceOfSatisfying(
            ControllerException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EEXIST));
    assertThatThrownBy(() -> controllers.place("a\nb", null)).hasMessageContaining("control");
    assertThatThrownBy(() -> controllers.place("c", none)).hasMessageContaining("no core");
    for (String method : List.of("vhost_delete_controller", "vhost_get_controllers")) {
      String key = method.contains("get") ? "name" : "ctrlr";
      Throwable failure = catchThrowable(() -> call(method, "{'" + key + "':'none'}"));
      assertThat(((RpcException) failure.getCause()).detail())
          .isEqualTo("there is no controller none");
    }
  }

  private JsonNode call(String method, String params) {
    return methods
        .call(method, json.readTree(params.replace('\'', '"')))
        .toCompletableFuture()
        .join();
  }

  private void step() {
    for (int i = 0; i < 100; i++) {
      now += TimeUnit.MILLISECONDS.toNanos(1);
      reactor.runOnce(now);
    }
  }

  /** A controller over nothing. */
  private static final class Plain extends VhostController {
    Coalescing applied = Coalescing.OFF;
    boolean released;

    Plain(VhostDevice device, Placement placement) {
      super(device, placement);
    }

    @Override
    protected void applyCoalescing(Coalescing setting) {
      applied = setting;
    }

    @Override
    public String subsystem() {
      return "vhost_none";
    }

    @Override
    public Map<String, Object> backendSpecific() {
      return Map.of("plain", Arrays.asList(1, true, null, "text"));
    }

    @Override
    public List<String> bdevNames() {
      return List.of("disk");
    }

    @Override
    protected void release(Runnable done) {
      released = true;
      done.run();
    }
  }

  /** A device that nobody connects to. */
  private record Nothing(String name, Placement placement) implements VhostDevice {
    @Override
    public long features() {
      return 0;
    }

    @Override
    public int queueCount() {
      return 1;
    }

    @Override
    public Reactor reactorFor(int queueIndex) {
      return placement.reactor(queueIndex);
    }

    @Override
    public DeviceSession newSession() {
      throw new IllegalStateException("nobody connects");
    }

    @Override
    public void memoryAdded(long address, long bytes) {
      // There is none.
    }

    @Override
    public void memoryRemoved(long address, long bytes) {
      // There is none.
    }
  }
}
