using NativeRetrieval.Core.Errors;
using NativeRetrieval.WeightsConvert.Pickle;

namespace NativeRetrieval.WeightsConvert.PyTorch;

/// <summary>
/// Meanings of the names in a PyTorch checkpoint. Calls of functions that rebuild tensors and make plain containers give these; a few
/// other constructors of harmless values, and instances of classes that are not known, stay opaque data; a call of anything else is
/// refused.
/// </summary>
sealed class TorchTypes : IPickleTypes
{
    /// <summary>
    /// Modules whose functions reach outside the program: no instance of anything in them belongs into a file of weights.
    /// </summary>
    static readonly HashSet<string> _neverData =
    [
        "builtins", "os", "posix", "nt", "sys", "subprocess", "importlib", "runpy", "pty", "socket", "shutil", "ctypes", "webbrowser",
        "types", "marshal", "code",
    ];

    /// <summary>Constructors of values that carry no weights, by module.</summary>
    static readonly HashSet<string> _plainData =
    [
        "_codecs.encode", "builtins.bytes", "builtins.bytearray", "builtins.complex", "builtins.slice", "builtins.range",
        "builtins.xrange", "builtins.object",
        "datetime.datetime", "datetime.date", "datetime.time", "datetime.timedelta", "datetime.timezone", "decimal.Decimal",
        "fractions.Fraction", "uuid.UUID",
        "pathlib.Path", "pathlib.PosixPath", "pathlib.WindowsPath", "pathlib.PurePath", "pathlib.PurePosixPath", "pathlib.PureWindowsPath",
        "pathlib._local.Path", "pathlib._local.PosixPath", "pathlib._local.WindowsPath",
        "torch.device", "torch.serialization._get_layout", "numpy.dtype",
    ];

    readonly Dictionary<string, int> _opaque = [];
    readonly Dictionary<string, TorchStorage> _storages = [];
    long _budget;

    /// <param name="pickleBytes">Length of the pickle: the number of values that it may make is bounded by a multiple of it.</param>
    public TorchTypes(long pickleBytes) => _budget = 2 * pickleBytes + (1 << 16);

    /// <summary>Classes whose instances were kept as data, with the number of instances.</summary>
    public IReadOnlyDictionary<string, int> Opaque => _opaque;

    /// <summary>Every storage that the pickle mentions, by key.</summary>
    public IReadOnlyDictionary<string, TorchStorage> Storages => _storages;

    public object Persistent(object id)
    {
        if (id is not PickleList { Count: >= 2 } list)
            throw new PickleError("a reference to something outside the pickle that is no storage");
        // Old files keep the source text of module classes beside the class: ('module', class, file, text).
        if (list[0] is "module") return list[1];
        if (list[0] is not "storage") throw new PickleError("a reference to something outside the pickle that is no storage");
        var storage = TorchStorage.Parse(list);
        _storages.TryAdd(storage.Key, storage);
        return storage;
    }

    public object Instance(PickleGlobal type, PickleList arguments)
    {
        if (Container(type, arguments) is { } container) return container;
        string name = $"{type.Module}.{type.Name}";
        if (_plainData.Contains(name)) return new PickleObject(type, arguments);
        if (_neverData.Contains(type.Module)) throw Refuse(type);
        return Keep(type, arguments);
    }

    public object Call(PickleGlobal callable, PickleList arguments) => callable.Module switch
    {
        "torch._utils" or "torch._tensor" or "torch.nn.parameter" => TorchRebuild.Call(callable, arguments) ?? throw Refuse(callable),
        "numpy.core.multiarray" or "numpy._core.multiarray" or "numpy.core.numeric" or "numpy._core.numeric"
            when callable.Name is "scalar" or "_reconstruct" or "_frombuffer" => Keep(callable, arguments),
        "copyreg" when callable.Name is "_reconstructor" or "__newobj__" && arguments.Count > 0 && arguments[0] is PickleGlobal type =>
            Instance(type, arguments),
        "torch" when callable.Name == "Size" =>
            arguments.Count == 1 && arguments[0] is PickleList sizes
                ? sizes.As(PickleList.Kinds.Tuple)
                : throw new PickleError("torch.Size without sizes"),
        _ when Container(callable, arguments) is { } container => container,
        _ when _plainData.Contains($"{callable.Module}.{callable.Name}") => new PickleObject(callable, arguments),
        _ => throw Refuse(callable),
    };

    /// <summary>A list, set or dictionary, or null where the class is none of these.</summary>
    object? Container(PickleGlobal type, PickleList arguments) => (type.Module, type.Name) switch
    {
        ("collections", "OrderedDict" or "Counter") or ("builtins", "dict") => Dictionary(arguments, 0),
        ("collections", "defaultdict") => Dictionary(arguments, 1),
        ("builtins", "list") or ("collections", "deque") => Sequence(arguments, PickleList.Kinds.List),
        ("builtins", "tuple") => Sequence(arguments, PickleList.Kinds.Tuple),
        ("builtins", "set" or "frozenset") => Sequence(arguments, PickleList.Kinds.Set),
        _ => null,
    };

    static PickleList Sequence(PickleList arguments, PickleList.Kinds kind)
    {
        if (arguments.Count == 0) return new PickleList(kind);
        return arguments[0] is PickleList items ? items.As(kind) : throw new PickleError("a sequence made from something that is none");
    }

    PickleDict Dictionary(PickleList arguments, int first)
    {
        if (arguments.Count <= first) return new PickleDict();
        if (arguments[first] is PickleDict whole) return whole;
        var dict = new PickleDict();
        if (arguments[first] is not PickleList pairs) throw new PickleError("a dictionary made from something that is none");
        // The pairs may have been remembered and be used again and again, by two bytes each time.
        _budget -= pairs.Count;
        if (_budget < 0) throw new PickleError("the same items make dictionaries over and over");
        for (int i = 0; i < pairs.Count; i++)
        {
            if (pairs[i] is not PickleList { Count: 2 } pair) throw new PickleError("a dictionary made from something else than pairs");
            dict.Set(pair[0], pair[1]);
        }
        return dict;
    }

    PickleObject Keep(PickleGlobal type, PickleList arguments)
    {
        string name = type.ToString();
        _opaque[name] = _opaque.GetValueOrDefault(name) + 1;
        return new PickleObject(type, arguments);
    }

    static PickleError Refuse(PickleGlobal callable) =>
        // Python's os is made of these two.
        new($"it asks to call {callable}{(callable.Module is "posix" or "nt" ? $" (os.{PlainText.Short(callable.Name)})" : "")}, "
            + "which reading weights does not need; nothing was run. A program that loads this file with pickle would run it: use the "
            + "file only if you know who wrote it and why");
}
