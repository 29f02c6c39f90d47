using NativeRetrieval.Cuda.Interop;
using NativeRetrieval.Cuda.Interop.Driver;
using NativeRetrieval.Cuda.Runtime;
using static NativeRetrieval.Cuda.Interop.Driver.DriverApi;

namespace NativeRetrieval.Cuda.Compilation;

/// <summary>An entry point of a loaded kernel file.</summary>
/// <param name="signature">The parameters; null where the compiler did not tell them.</param>
internal sealed unsafe class KernelFunction(string entryPoint, nint function, KernelSignature? signature)
{
    /// <summary>The shared memory that a launch may ask for without opting in, on every architecture.</summary>
    const int SharedWithoutOptIn = 48 << 10;

    int _sharedAllowance = SharedWithoutOptIn;

    public string EntryPoint => entryPoint;

    /// <summary>Queues a launch. A grid of 0 blocks launches nothing: that is what an empty tensor needs.</summary>
    /// <param name="grid">Number of blocks in each dimension.</param>
    /// <param name="block">Threads of a block in each dimension.</param>
    /// <param name="dynamicSharedBytes">Dynamic shared memory of each block; over 48 KiB the device's opt-in limit applies.</param>
    /// <param name="arguments">Arguments in the kernel's order and widths: an int where it says int, a float where it says float.</param>
    /// <exception cref="ArgumentException">The arguments are not what the kernel takes.</exception>
    public void Launch(CudaStream stream, (int X, int Y, int Z) grid, (int X, int Y, int Z) block, int dynamicSharedBytes,
        params ReadOnlySpan<KernelArgument> arguments)
    {
        signature?.Require(arguments);
        if (grid.X == 0 || grid.Y == 0 || grid.Z == 0) return;
        using var scope = stream.Context.Enter();
        AllowShared(dynamicSharedBytes);
        void** parameters = stackalloc void*[arguments.Length];
        fixed (KernelArgument* first = arguments)
        {
            for (int i = 0; i < arguments.Length; i++) parameters[i] = first + i;
            cuLaunchKernel(function, (uint)grid.X, (uint)grid.Y, (uint)grid.Z, (uint)block.X, (uint)block.Y, (uint)block.Z,
                (uint)dynamicSharedBytes, stream.Handle, parameters, null)
                .ThrowIfFailed($"cuLaunchKernel({entryPoint}, grid {grid}, block {block}, {dynamicSharedBytes} shared bytes)");
        }
    }

    /// <summary>Queues a launch in one dimension.</summary>
    public void Launch(CudaStream stream, int grid, int block, int dynamicSharedBytes, params ReadOnlySpan<KernelArgument> arguments) =>
        Launch(stream, (grid, 1, 1), (block, 1, 1), dynamicSharedBytes, arguments);

    void AllowShared(int dynamicSharedBytes)
    {
        if (dynamicSharedBytes <= _sharedAllowance) return;
        cuFuncSetAttribute(function, FunctionAttribute.MaxDynamicSharedBytes, dynamicSharedBytes)
            .ThrowIfFailed($"cuFuncSetAttribute({entryPoint}, MaxDynamicSharedBytes, {dynamicSharedBytes})");
        _sharedAllowance = dynamicSharedBytes;
    }
}
