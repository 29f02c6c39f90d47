using NativeRetrieval.Cuda.Runtime;

namespace NativeRetrieval.Cuda.Compilation;

/// <summary>
/// The kernels of one context: each file is compiled (or taken from disk) and loaded on first use. A file that fails is tried
/// again at the next use: memory may be free by then. Safe for several threads.
/// </summary>
internal sealed class KernelLibrary(CudaContext context, KernelCache cache) : IDisposable
{
    readonly Lock _lock = new();
    readonly Dictionary<string, KernelModule> _modules = [];
    KernelCompiler? _compiler;

    /// <param name="file">Name of a file in <c>kernels</c>, without extension.</param>
    /// <param name="entryPoint">Its <c>extern "C"</c> function.</param>
    public KernelFunction Function(string file, string entryPoint)
    {
        lock (_lock)
        {
            if (!_modules.TryGetValue(file, out var module)) _modules.Add(file, module = Load(KernelSource.Embedded(file)));
            return module.Function(entryPoint);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var module in _modules.Values) module.Dispose();
            _modules.Clear();
        }
    }

    KernelModule Load(KernelSource source)
    {
        var compiler = _compiler ??= new();
        var target = KernelTarget.For(context.Properties.Architecture, compiler.Architectures, compiler.Version);
        return new(context, source.FileName, cache.GetOrAdd(source, target, compiler.Identity, () => compiler.Compile(source, target)));
    }
}
