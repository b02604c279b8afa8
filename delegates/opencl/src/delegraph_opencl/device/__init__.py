"""Finding a runtime and a device, and speaking to it: OpenCL below everything else here."""
