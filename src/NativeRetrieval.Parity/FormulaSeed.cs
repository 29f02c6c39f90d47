namespace NativeRetrieval.Parity;

/// <summary>
/// The seed of a set's formula weights, which no file states: the cotangents of the gradient cases are formula values too and tell it.
/// </summary>
static class FormulaSeed
{
    const int Highest = 1 << 16, Compared = 8;

    static readonly (string File, string Formula)[] _cotangents =
    [
        ("cnn14-encoder/golden.safetensors", "cotangent"), ("resnet38-encoder/golden.safetensors", "cotangent"),
            ("bert-tiny/golden.safetensors", "bert.cotangent"),
    ];

    /// <summary>
    /// The seed under which the formula gives the first cotangent found in the folder; 0 where there is none, or none fits.
    /// </summary>
    public static int Of(ParityFolder folder)
    {
        if (_cotangents.FirstOrDefault(item => folder.Find(item.File) is not null) is not { File: not null } found) return 0;
        using var golden = folder.Open(found.File);
        double[] stored = golden.ReadFloat64("cotangent");
        return Enumerable.Range(0, Highest).FirstOrDefault(seed =>
        {
            var formula = FormulaWeights.Uniform(found.Formula, seed);
            return stored.Take(Compared).Index().All(element => element.Item == formula(element.Index));
        });
    }
}
