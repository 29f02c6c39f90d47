using System.Text.Json;

namespace NativeRetrieval.Parity.Tests.OtherSizes;

/// <summary>Twelve clips with three captions each, ranked by the definition.</summary>
static class Rankings
{
    const int Clips = 12, PerClip = 3, Captions = Clips * PerClip, Width = 10;

    public static void Write(string vectors, string figures)
    {
        float[] audio = Floats("audio", Clips);
        float[] captions = [.. Floats("captions", Captions)
            .Select((value, i) => value + 0.5f * audio[i / Width / PerClip * Width + i % Width])];
        int[] relevant = [.. GoldenFile.Noise("relevant", Captions * Clips)
            .Select((value, i) => value > 0.6 || i / Clips / PerClip == i % Clips ? 1 : 0)];
        var file = new GoldenFile();
        file.Add("audio", [Clips, Width], audio);
        file.Add("captions_3_per_audio", [Captions, Width], captions);
        file.Add("relevant", [Captions, Clips], relevant);
        file.Write(vectors);

        double[][] scores = [.. Enumerable.Range(0, Captions)
            .Select(caption => Enumerable.Range(0, Clips).Select(clip => Cosine(captions, caption, audio, clip)).ToArray())];
        int[] toClip = [.. Enumerable.Range(0, Captions).Select(caption => Rank(scores[caption], caption / PerClip))];
        int[] toCaption = [.. Enumerable.Range(0, Clips)
            .Select(clip => Enumerable.Range(0, PerClip).Min(i => Rank([.. scores.Select(row => row[clip])], clip * PerClip + i)))];
        double[] precision = [.. toClip.Select(rank => rank <= 10 ? 1.0 / rank : 0)];
        double variance = precision.Sum(value => Math.Pow(value - precision.Average(), 2)) / (Captions - 1);
        File.WriteAllText(figures, JsonSerializer.Serialize(new
        {
            t2a = Figures(toClip),
            a2t = Figures(toCaption),
            t2a_mAP10_percent = 100 * precision.Average(),
            t2a_mAP10_jackknife_se_percent = 100 * Math.Sqrt(variance / Captions),
            several_relevant = new { mAP7 = Precision(7), mAP10 = Precision(10) },
        }));

        double Precision(int depth) => Enumerable.Range(0, Captions).Average(caption =>
        {
            int[] ranks = [.. Enumerable.Range(0, Clips).Where(clip => relevant[caption * Clips + clip] == 1)
                .Select(clip => Rank(scores[caption], clip)).Order()];
            return ranks.Index()
                .Where(item => item.Item <= depth).Sum(item => (item.Index + 1.0) / item.Item) / Math.Min(depth, ranks.Length);
        });
    }

    static object Figures(int[] ranks)
    {
        int[] ordered = [.. ranks.Order()];
        return new { R1 = Recall(1), R5 = Recall(5), R10 = Recall(10),
            medR = (double)((ordered[(ordered.Length - 1) / 2] + ordered[ordered.Length / 2]) / 2), meanR = ranks.Average() };

        double Recall(int depth) => 100.0 * ranks.Count(rank => rank <= depth) / ranks.Length;
    }

    static int Rank(double[] scores, int item) => 1 + scores.Count(score => score > scores[item]);

    static double Cosine(float[] a, int i, float[] b, int j)
    {
        double Dot(float[] x, int m, float[] y, int n) => Enumerable.Range(0, Width).Sum(k => (double)x[m * Width + k] * y[n * Width + k]);
        return Dot(a, i, b, j) / Math.Sqrt(Dot(a, i, a, i) * Dot(b, j, b, j));
    }

    static float[] Floats(string name, int rows) => Array.ConvertAll(GoldenFile.Noise(name, rows * Width), value => (float)value);
}
