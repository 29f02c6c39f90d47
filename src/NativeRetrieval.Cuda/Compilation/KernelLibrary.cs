using System.Collections.Concurrent;
using NativeRetrieval.Cuda.Runtime;

namespace NativeRetrieval.Cuda.Compilation;

/// <summary>The kernels of one context: each file is compiled (or taken from disk) and loaded on first use.</summary>
internal sealed class KernelLibrary(CudaContext context, KernelCache cache) : IDisposable
{
    readonly Lazy<KernelCompiler> _compiler = new(() => new());
    readonly ConcurrentDictionary<string, Lazy<KernelModule>> _modules = new();

    /// <param name="file">Name of a file in <c>kernels</c>, without extension.</param>
    /// <param name="entryPoint">Its <c>extern "C"</c> function.</param>
    public KernelFunction Function(string file, string entryPoint) =>
        _modules.GetOrAdd(file, name => new(() => Load(KernelSource.Embedded(name)))).Value.Function(entryPoint);

    public void Dispose()
    {
        foreach (var module in _modules.Values)
            if (module.IsValueCreated) module.Value.Dispose();
    }

    KernelModule Load(KernelSource source)
    {
        var compiler = _compiler.Value;
        var target = KernelTarget.For(context.Properties.Architecture, compiler.Architectures, compiler.Version);
        return new(context, source.FileName, cache.GetOrAdd(source, target, compiler.Version, () => compiler.Compile(source, target)));
    }
}
