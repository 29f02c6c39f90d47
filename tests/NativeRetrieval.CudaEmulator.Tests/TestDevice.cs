using NativeRetrieval.Core.Devices;
using NativeRetrieval.Cuda;

namespace NativeRetrieval.CudaEmulator.Tests;

/// <summary>
/// The whole backend on the emulator, or on a GPU. One device of each precision serves all tests of a process, and what a test frees is
/// given back after it: fresh memory holds nothing, and reading it is found. A test that loses the device costs the next one a new one.
/// </summary>
internal sealed class TestDevice : IDisposable
{
    static readonly Dictionary<Precision, CudaDevice> _devices = [];

    public TestDevice(string order, Precision precision = Precision.Float32)
    {
        DeviceOrder.Choose(order);
        if (_devices.Values.Any(device => device.Context.IsLost))
        {
            foreach (var lost in _devices.Values) lost.Dispose();
            _devices.Clear();
        }
        if (!_devices.TryGetValue(precision, out var device))
            _devices.Add(precision, device = CudaDevice.Open(0,
                new() { Deterministic = true, KernelFolder = Emulator.KernelFolder, Precision = precision }));
        Device = device;
        if (Emulator.IsUsed) Assert.Equal("NR CPU emulator", Device.Properties.Name);
    }

    public CudaDevice Device { get; }

    /// <summary>Runs work on the device; what a kernel did wrong fails with the emulator's finding.</summary>
    public T Run<T>(Func<CudaDevice, T> work)
    {
        try
        {
            return work(Device);
        }
        catch (Exception error) when (Device.Context.IsLost)
        {
            Assert.Fail($"{error.Message}: {DeviceOrder.Report()}");
            throw;
        }
    }

    /// <summary>Bytes of tensors on the shared devices, each with its precision.</summary>
    public static IReadOnlyDictionary<Precision, long> LiveBytes() =>
        _devices.Where(entry => !entry.Value.Context.IsLost).ToDictionary(entry => entry.Key, entry => entry.Value.LiveBytes);

    public void Dispose()
    {
        if (Device.Context.IsLost) return;
        Device.Synchronize();
        Device.Trim();
    }
}
