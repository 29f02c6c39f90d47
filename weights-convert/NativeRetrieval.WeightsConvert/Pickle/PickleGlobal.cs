using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.WeightsConvert.Pickle;

/// <summary>The name of a Python class or function. It is never looked up, imported or called.</summary>
sealed class PickleGlobal
{
    public PickleGlobal(string module, string name)
    {
        // Pickles that Python 2 can read carry its names of these modules.
        Module = module switch { "__builtin__" => "builtins", "copy_reg" => "copyreg", "commands" => "subprocess", _ => module };
        Name = name;
    }

    public string Module { get; }

    public string Name { get; }

    public override string ToString() => PlainText.Short($"{Module}.{Name}");
}
