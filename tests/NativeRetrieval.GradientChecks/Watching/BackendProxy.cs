using System.Reflection;
using NativeRetrieval.Core.Ops;

namespace NativeRetrieval.GradientChecks.Watching;

/// <summary>A backend that hands every call to a watcher. An operation that is made of others counts once.</summary>
internal class BackendProxy : DispatchProxy
{
    IBackend _backend = null!;
    Func<OperationCall, object?> _watch = null!;
    bool _watching;

    public static IBackend Over(IBackend backend, Func<OperationCall, object?> watch)
    {
        var proxy = Create<IBackend, BackendProxy>();
        var self = (BackendProxy)proxy;
        (self._backend, self._watch) = (backend, watch);
        return proxy;
    }

    /// <inheritdoc/>
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        var call = new OperationCall(targetMethod!, args!, _backend);
        if (_watching) return call.Run();
        _watching = true;
        try
        {
            return _watch(call);
        }
        finally
        {
            _watching = false;
        }
    }
}
