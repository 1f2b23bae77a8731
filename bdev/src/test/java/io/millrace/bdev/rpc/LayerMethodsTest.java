package io.millrace.bdev.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What SPDK's configurations say about the block layer as a whole. */
class LayerMethodsTest {
  private final LayerUnderRpc layer = new LayerUnderRpc();

  @AfterEach
  void close() {
    layer.close();
  }

  private boolean exists(String name) {
    return layer.bdevs.all().stream().anyMatch(bdev -> bdev.name().equals(name));
  }

  private void createDelayOfDiskThatComesLater() {
    layer.call(
        "bdev_delay_create",
        "{'name':'D','base_bdev_name':'M','avg_read_latency':1,'p99_read_latency':1,'avg_write_latency':1,'p99_write_latency':1}");
    layer.call("bdev_malloc_create", "{'name':'M','block_size':512,'num_blocks':8}");
  }

  @Test
  void optionsAreSavedAsSpdkSavesThemAllOfThem() {
    layer.call("bdev_set_options", "{'bdev_io_pool_size':1000,'bdev_auto_examine':true}");
    layer.call("bdev_set_options", "{'iobuf_small_cache_size':7}");

    assertThat(layer.methods.configuration().entries()).hasSize(1);
    assertThat(layer.methods.configuration().find("bdev_set_options").orElseThrow().params())
        .hasToString(
            layer
                .json(
                    "{'bdev_io_pool_size':1000,'bdev_io_cache_size':256,'bdev_auto_examine':true,"
                        + "'iobuf_small_cache_size':7,'iobuf_large_cache_size':16}")
                .toString());
  }

  @Test
  void optionsThatSpdkWouldRefuseChangeNothing() {
    assertThat(layer.error("bdev_set_options", "{'bdev_io_pool_size':100}").error())
        .isEqualTo("Pool size 100 too small for cache size 256");
    assertThat(layer.methods.configuration().entries()).isEmpty();
    layer.methods.enterRuntime();
    assertThat(layer.error("bdev_set_options", "{}").code()).isEqualTo(-1);
  }

  @Test
  void aDiskThatIsWaitedForIsFoundByItself() {
    layer.methods.enterRuntime();

    createDelayOfDiskThatComesLater();

    assertThat(exists("D")).isTrue();
    assertThat(layer.error("bdev_examine", "{'name':'M'}").code()).isEqualTo(-22);
    assertThat(layer.call("bdev_wait_for_examine", null).booleanValue()).isTrue();
  }

  @Test
  void withoutExaminationADiskThatIsWaitedForHasToBeNamed() {
    layer.call("bdev_set_options", "{'bdev_auto_examine':false}");
    layer.methods.enterRuntime();
    createDelayOfDiskThatComesLater();
    assertThat(exists("D")).isFalse();

    assertThat(layer.call("bdev_examine", "{'name':'M'}").booleanValue()).isTrue();

    assertThat(exists("D")).isTrue();
    assertThat(layer.error("bdev_examine", "{'name':'M'}").code()).isEqualTo(-17);
  }

  @Test
  void aDiskMayBeNamedBeforeItIsThereAndIsForgottenWithIt() {
    layer.call("bdev_set_options", "{'bdev_auto_examine':false}");
    layer.methods.enterRuntime();
    layer.call("bdev_examine", "{'name':'M'}");
    assertThat(layer.methods.configuration().find("bdev_examine/M")).isPresent();

    createDelayOfDiskThatComesLater();

    assertThat(exists("D")).isTrue();
    layer.call("bdev_malloc_delete", "{'name':'M'}");
    assertThat(layer.methods.configuration().find("bdev_examine/M")).isEmpty();
    assertThat(layer.call("bdev_examine", "{'name':'M'}").booleanValue()).isTrue();
  }
}
