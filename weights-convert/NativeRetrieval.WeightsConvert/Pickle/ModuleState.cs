using System.Text;

namespace NativeRetrieval.WeightsConvert.Pickle;

/// <summary>
/// The attributes of a pickled <c>torch.nn.Module</c>. Its tensors get the names that <c>state_dict()</c> gives them:
/// parameters and buffers under the module's own name, submodules under theirs.
/// </summary>
sealed class ModuleState(PickleDict attributes) : PickleContainer
{
    static readonly string[] _holders = ["_parameters", "_buffers", "_modules"];

    public static bool IsOne(PickleDict attributes) => _holders.All(name => attributes.Find(name) is PickleDict or PickleObject);

    public override int ChildCount => _holders.Length;

    public override object Child(int index) => attributes.Find(_holders[index])!;

    public override void AppendKey(StringBuilder path, int index) { }
}
