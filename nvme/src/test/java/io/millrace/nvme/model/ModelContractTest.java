package io.millrace.nvme.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.nvme.pci.PciDevice;

class ModelContractTest extends ControllerContract {
  private ModelController controller;

  @Override
  PciDevice plugIn() throws Exception {
    ModelDevice device = new ModelDevice(ModelOptions.disk(BLOCKS));
    controller = device.controller();
    return device;
  }

  @Override
  void turn() {
    controller.step();
  }

  @Override
  void pullOut() {
    assertThat(controller.violations()).noneMatch(violation -> violation.contains("not mapped"));
  }
}
