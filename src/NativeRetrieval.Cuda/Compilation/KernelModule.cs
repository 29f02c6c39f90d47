using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using NativeRetrieval.Cuda.Errors;
using NativeRetrieval.Cuda.Interop;
using NativeRetrieval.Cuda.Interop.Driver;
using NativeRetrieval.Cuda.Runtime;
using static NativeRetrieval.Cuda.Interop.Driver.DriverApi;

namespace NativeRetrieval.Cuda.Compilation;

/// <summary>A kernel file, loaded into a context.</summary>
internal sealed unsafe class KernelModule : IDisposable
{
    const int LogBytes = 8 << 10;

    readonly CudaContext _context;
    readonly string _name;
    readonly KernelModuleHandle _handle;
    readonly Dictionary<string, KernelSignature> _signatures;
    readonly ConcurrentDictionary<string, KernelFunction> _functions = new();

    /// <param name="name">The name in messages.</param>
    /// <exception cref="KernelCompilationException">The driver cannot load the image; the message has its log.</exception>
    public KernelModule(CudaContext context, string name, KernelImage image)
    {
        (_context, _name) = (context, name);
        _signatures = image.Signatures.ToDictionary(signature => signature.EntryPoint);
        using var scope = context.Enter();
        byte* log = stackalloc byte[LogBytes];
        log[0] = 0;
        JitOption* options = stackalloc JitOption[] { JitOption.ErrorLogBuffer, JitOption.ErrorLogBufferBytes };
        void** values = stackalloc void*[] { log, (void*)LogBytes };
        fixed (byte* bytes = image.Bytes)
        {
            var result = cuModuleLoadDataEx(out nint module, bytes, 2, options, values);
            if (result is DriverResult.InvalidImage or DriverResult.InvalidPtx or DriverResult.NoBinaryForGpu
                or DriverResult.UnsupportedPtxVersion)
            {
                string advice = result == DriverResult.UnsupportedPtxVersion ? ": NVRTC is newer than the driver; update the driver" : "";
                throw new KernelCompilationException(name, $"{context.Properties.Name} ({context.Properties.ComputeCapability})",
                    $"{ResultCheck.NameOf(result)}{advice}\n{Marshal.PtrToStringUTF8((nint)log)}");
            }
            result.ThrowIfFailed($"cuModuleLoadDataEx({name})");
            _handle = new(module, context);
        }
    }

    /// <summary>The entry point of this name.</summary>
    public KernelFunction Function(string entryPoint) =>
        _functions.TryGetValue(entryPoint, out var function) ? function : _functions.GetOrAdd(entryPoint, Load);

    public void Dispose() => _handle.Dispose();

    KernelFunction Load(string entryPoint)
    {
        using var scope = _context.Enter();
        cuModuleGetFunction(out nint function, _handle, entryPoint).ThrowIfFailed($"cuModuleGetFunction({_name}, {entryPoint})");
        return new(entryPoint, function, _signatures.GetValueOrDefault(entryPoint));
    }
}
