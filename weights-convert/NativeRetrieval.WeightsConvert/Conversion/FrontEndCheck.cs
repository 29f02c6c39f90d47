using System.Globalization;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Features;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.WeightsConvert.Checkpoints;
using NativeRetrieval.WeightsConvert.Names;

namespace NativeRetrieval.WeightsConvert.Conversion;

/// <summary>
/// Finds the front end of an audio encoder. PANNs' checkpoints store theirs, the Fourier transform as convolution kernels (torchlibrosa)
/// and the mel matrix: both are compared with those computed here, because another front end would give wrong vectors without any error.
/// </summary>
/// <param name="find">Gives the checkpoint's tensor of a name in the audio encoder, or null.</param>
sealed class FrontEndCheck(CheckpointFile checkpoint, Func<string, CheckpointTensor?> find)
{
    /// <summary>Largest difference of Fourier kernels, which are cosines rounded to float32.</summary>
    const double KernelTolerance = 1e-5;

    /// <summary>Largest difference of mel weights: a quarter of a thousandth of the smallest filter's peak at 32 kHz.</summary>
    const double MelTolerance = 1e-6;

    /// <param name="melBins">Mel bins that the encoder takes.</param>
    /// <param name="forced">The front end that the user names; null: the one that is stored, else 32k.</param>
    /// <param name="notes">Receives a line for each assumption.</param>
    /// <exception cref="CorruptFileException">The stored front end is not known, or is not the forced one; the message names the
    /// difference.</exception>
    public LogMelSettings Find(int melBins, FrontEndForm? forced, List<string> notes)
    {
        var (real, imaginary, mel) = (find("spectrogram_extractor.stft.conv_real.weight"),
            find("spectrogram_extractor.stft.conv_imag.weight"), find("logmel_extractor.melW"));
        if (real is null && mel is null)
        {
            var assumed = forced ?? NameMaps.FrontEnds[0];
            if (forced is null)
                notes.Add($"the checkpoint stores no front end: that of PANNs at {Khz(assumed)} kHz is assumed; --front-end names another");
            return assumed.Settings with { MelBins = melBins };
        }
        int window = real is null ? checked((int)((mel!.Shape[0] - 1) * 2)) : checked((int)real.Shape[^1]);
        var form = forced ?? NameMaps.FrontEnds.FirstOrDefault(known => known.Settings.WindowSamples == window)
            ?? throw Refused($"its Fourier transform has windows of {window} samples, those known here have "
                + $"{string.Join(", ", NameMaps.FrontEnds.Select(known => $"{known.Settings.WindowSamples} ({known.Name})"))}");
        var settings = form.Settings with { MelBins = melBins };
        if (real is not null) CompareKernels(real, settings, Math.Cos);
        if (imaginary is not null) CompareKernels(imaginary, settings, angle => -Math.Sin(angle));
        if (mel is not null) CompareMel(mel, settings, form.Name);
        return settings;
    }

    void CompareKernels(CheckpointTensor kernel, LogMelSettings settings, Func<double, double> wave)
    {
        int window = settings.WindowSamples, bins = window / 2 + 1;
        ExpectShape(kernel, [bins, 1, window]);
        float[] stored = Read(kernel);
        for (int k = 0; k < bins; k++)
            for (int n = 0; n < window; n++)
            {
                // The angle is reduced first: the product of bin and sample grows to a million turns.
                double expected = (0.5 - 0.5 * Math.Cos(2 * Math.PI * n / window)) * wave(2 * Math.PI * ((long)k * n % window) / window);
                if (!(Math.Abs(stored[k * window + n] - expected) <= KernelTolerance))
                    throw Refused(string.Create(CultureInfo.InvariantCulture, $"{kernel.Name} is not the transform under a periodic Hann "
                        + $"window of {window} samples: {stored[k * window + n]:G6} instead of {expected:G6} at bin {k}, sample {n}"));
            }
    }

    void CompareMel(CheckpointTensor mel, LogMelSettings settings, string form)
    {
        var bank = new MelFilterbank(settings);
        ExpectShape(mel, [bank.FrequencyBins, bank.MelBins]);
        float[] stored = Read(mel);
        (double most, int at) = (0, 0);
        for (int i = 0; i < stored.Length; i++)
            if (!(Math.Abs(stored[i] - bank.Weights[i]) <= most)) (most, at) = (Math.Abs(stored[i] - bank.Weights[i]), i);
        if (most <= MelTolerance) return;

        int first = Array.FindIndex(stored, weight => weight != 0) / bank.MelBins,
            last = Array.FindLastIndex(stored, weight => weight != 0) / bank.MelBins;
        double hzPerBin = (double)settings.SampleRateHz / settings.WindowSamples;
        throw Refused(string.Create(CultureInfo.InvariantCulture,
            $"{mel.Name} is not the mel matrix of the form {form}, {bank.MelBins} Slaney filters from {settings.MinHz} to "
                + $"{settings.MaxHz} Hz at {settings.SampleRateHz} Hz: it differs by up to {most:G3} (bin {at / bank.MelBins}, filter "
                + $"{at % bank.MelBins}); its filters reach from {first * hzPerBin:F0} to {last * hzPerBin:F0} Hz"));
    }

    void ExpectShape(CheckpointTensor tensor, long[] shape)
    {
        if (!tensor.Shape.SequenceEqual(shape))
            throw Refused($"{tensor.Name} has the shape [{string.Join(", ", tensor.Shape)}], expected [{string.Join(", ", shape)}]");
    }

    float[] Read(CheckpointTensor tensor)
    {
        using var bytes = new MemoryStream(checked((int)tensor.LengthBytes));
        checkpoint.CopyTo(tensor, bytes);
        var values = new float[tensor.ElementCount];
        ElementConversion.Convert<float>(bytes.GetBuffer().AsSpan(0, (int)bytes.Length), tensor.DType, values);
        return values;
    }

    CorruptFileException Refused(string what) =>
        new(checkpoint.Path, $"was trained with another front end than can be computed here: {what}");

    static string Khz(FrontEndForm form) => (form.Settings.SampleRateHz / 1000).ToString(CultureInfo.InvariantCulture);
}
