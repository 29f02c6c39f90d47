using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Nn.Schedules;

/// <summary>The learning rate of each optimisation step, as a multiple of the base rate.</summary>
public abstract record LearningRateSchedule
{
    /// <summary>The factor of one step.</summary>
    /// <param name="step">Steps taken before this one, from 0.</param>
    /// <param name="stepsPerEpoch">At least 1.</param>
    /// <param name="totalSteps">Steps of the whole run.</param>
    public abstract double Factor(long step, long stepsPerEpoch, long totalSteps);

    /// <summary>Divided by <paramref name="Divisor"/> every <paramref name="Epochs"/> epochs: 10 and 20 in the report.</summary>
    public sealed record StepDecay(int Epochs = 20, double Divisor = 10) : LearningRateSchedule
    {
        /// <inheritdoc/>
        public override double Factor(long step, long stepsPerEpoch, long totalSteps)
        {
            if (Epochs < 1 || !(Divisor > 0))
                throw new OptionException($"step decay needs at least 1 epoch and a divisor above 0, got {this}");
            return Math.Pow(Divisor, -(step / stepsPerEpoch / Epochs));
        }
    }

    /// <summary>Rises linearly over <paramref name="WarmupSteps"/>, then falls to 0 at the last step along half a cosine.</summary>
    /// <param name="FromFirstStep">
    /// True: the cosine begins at the first step and the warm-up multiplies it, so that the full rate is never reached.
    /// </param>
    public sealed record WarmupCosine(long WarmupSteps = 0, bool FromFirstStep = false) : LearningRateSchedule
    {
        /// <inheritdoc/>
        public override double Factor(long step, long stepsPerEpoch, long totalSteps)
        {
            if (WarmupSteps < 0) throw new OptionException($"warm-up cannot be {WarmupSteps} steps");
            double warmup = WarmupSteps == 0 ? 1 : Math.Min(1, (step + 1.0) / WarmupSteps);
            long start = FromFirstStep ? 0 : WarmupSteps;
            return warmup * 0.5 * (1 + Math.Cos(Math.PI * Math.Max(0, step - start) / Math.Max(1, totalSteps - start)));
        }
    }
}
