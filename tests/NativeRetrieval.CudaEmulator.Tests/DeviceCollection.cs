using System.Reflection;
using NativeRetrieval.Core.Devices;
using Xunit.v3;

namespace NativeRetrieval.CudaEmulator.Tests;

/// <summary>Tests that share the devices of <see cref="TestDevice"/>: one after another, and none leaves anything to the next.</summary>
[CollectionDefinition("device"), NothingIsLeft]
public sealed class DeviceCollection;

/// <summary>
/// Fails the test that leaves memory on a shared device. Where it was dropped and waits for its finalizer, the count of live bytes falls
/// during a later test, which would be blamed.
/// </summary>
sealed class NothingIsLeftAttribute : BeforeAfterTestAttribute
{
    IReadOnlyDictionary<Precision, long> _before = TestDevice.LiveBytes();

    public override void Before(MethodInfo methodUnderTest, IXunitTest test) => _before = TestDevice.LiveBytes();

    public override void After(MethodInfo methodUnderTest, IXunitTest test)
    {
        foreach (var (precision, bytes) in TestDevice.LiveBytes())
            Assert.True(bytes <= _before.GetValueOrDefault(precision),
                $"{bytes} bytes of tensors are left on the shared {precision} device: make them in a scope, or dispose them");
    }
}
