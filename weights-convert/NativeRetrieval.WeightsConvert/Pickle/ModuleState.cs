using System.Text;

namespace NativeRetrieval.WeightsConvert.Pickle;

/// <summary>
/// The attributes of a pickled <c>torch.nn.Module</c>. Its tensors get the names that <c>state_dict()</c> gives them:
/// parameters and buffers under the module's own name, submodules under theirs.
/// </summary>
sealed class ModuleState(PickleDict attributes) : PickleContainer
{
    static readonly string[] s_holders = ["_parameters", "_buffers", "_modules"];

    public static bool IsOne(PickleDict attributes) => s_holders.All(name => attributes.Find(name) is PickleDict or PickleObject);

    public override int ChildCount => s_holders.Length;

    public override object Child(int index) => attributes.Find(s_holders[index])!;

    public override void AppendKey(StringBuilder path, int index) { }
}
