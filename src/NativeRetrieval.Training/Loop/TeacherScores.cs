using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Evaluation.Vectors;

namespace NativeRetrieval.Training.Loop;

/// <summary>
/// The mean of several teachers' cosines for any clips and captions of the training data. Unit vectors of all teachers stand side by side,
/// divided by the root of their number, so that one product of two rows is the mean.
/// </summary>
internal sealed class TeacherScores : IDisposable
{
    readonly Tensor _clips, _texts;

    /// <param name="texts">The distinct captions by their numbers.</param>
    /// <exception cref="OptionException">A teacher's vectors are of other clips or captions.</exception>
    public TeacherScores(IReadOnlyList<EvaluationVectors> teachers, Dataset data, IReadOnlyList<string> texts, Device device)
    {
        foreach (var teacher in teachers)
            if (!teacher.ClipNames.SequenceEqual(data.Clips.Select(clip => clip.FileName)) || !teacher.Texts.SequenceEqual(texts))
                throw new OptionException($"a teacher has vectors of {teacher.ClipNames.Count} clips and {teacher.Texts.Count} captions "
                    + $"that are not the {data.Clips.Count} and {texts.Count} that are trained on; start a new run");
        _clips = SideBySide(teachers, teacher => teacher.Clips, data.Clips.Count, device);
        _texts = SideBySide(teachers, teacher => teacher.TextVectors, texts.Count, device);
    }

    /// <summary>Score of each clip and each caption, [clips, captions].</summary>
    public Tensor Of(ReadOnlySpan<int> clips, ReadOnlySpan<int> texts)
    {
        using var scope = TensorScope.Begin();
        return scope.Return(Op.MatMul(Rows(_clips, clips), Rows(_texts, texts), transposeB: true));
    }

    /// <summary>Frees the vectors.</summary>
    public void Dispose()
    {
        _clips.Dispose();
        _texts.Dispose();
    }

    static Tensor Rows(Tensor table, ReadOnlySpan<int> rows) => Op.Embedding(table, Tensor.From(rows, [rows.Length], table.Device));

    static Tensor SideBySide(IReadOnlyList<EvaluationVectors> teachers, Func<EvaluationVectors, float[]> vectorsOf, int rows, Device device)
    {
        int width = teachers.Sum(teacher => teacher.Width), at = 0;
        float scale = (float)(1 / Math.Sqrt(teachers.Count));
        var all = new float[(long)rows * width];
        foreach (var teacher in teachers)
        {
            float[] vectors = vectorsOf(teacher);
            for (int row = 0; row < rows; row++)
                for (int d = 0; d < teacher.Width; d++) all[(long)row * width + at + d] = scale * vectors[(long)row * teacher.Width + d];
            at += teacher.Width;
        }
        return TensorScope.Detach(Tensor.From(all, [rows, width], device));
    }
}
